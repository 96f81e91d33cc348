"""The states of a task: every state with every verb, and the times that come and go with them."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, make_task, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
WAY_TO = {"OPEN": (), "IN_PROGRESS": ("Start",), "COMPLETED": ("Start", "Complete"), "CANCELLED": ("Start", "Cancel")}
LEADS_TO = {"Start": "IN_PROGRESS", "Complete": "COMPLETED", "Cancel": "CANCELLED", "Reopen": "OPEN"}
ALLOWED = {
    ("OPEN", "Start"),
    ("OPEN", "Complete"),
    ("OPEN", "Cancel"),
    ("IN_PROGRESS", "Complete"),
    ("IN_PROGRESS", "Cancel"),
    ("COMPLETED", "Reopen"),
    ("CANCELLED", "Reopen"),
}
MATRIX = [(state, verb) for state in WAY_TO for verb in LEADS_TO]


async def apply(service: Service, verb: str, name: str, etag: str = "") -> Task:
    request = getattr(pb, f"{verb}TaskRequest")(name=name, etag=etag)
    task: Task = await getattr(service.tasks, f"{verb}Task")(request)
    return task


async def task_in(service: Service, state: str) -> Task:
    task = await make_task(service, "users/me")
    for verb in WAY_TO[state]:
        task = await apply(service, verb, task.name)
    assert Task.State.Name(task.state) == state
    return task


@pytest.mark.parametrize(("state", "verb"), sorted(ALLOWED))
async def test_a_change_that_is_allowed_leads_to_its_state(service: Service, state: str, verb: str) -> None:
    task = await task_in(service, state)
    after = await apply(service, verb, task.name, task.etag)
    assert (Task.State.Name(after.state), after.version) == (LEADS_TO[verb], task.version + 1)
    assert after == await service.tasks.GetTask(pb.GetTaskRequest(name=task.name))
    assert after.HasField("complete_time") == (verb == "Complete")
    assert after.HasField("start_time") == (verb == "Start" or (verb != "Reopen" and task.HasField("start_time")))
    if verb in ("Complete", "Cancel"):
        assert after.start_time == task.start_time


@pytest.mark.parametrize(("state", "verb"), sorted(set(MATRIX) - ALLOWED))
async def test_any_other_change_is_refused(service: Service, state: str, verb: str) -> None:
    task = await task_in(service, state)
    async with unchanged(service.database_url):
        refusal = await refused(apply(service, verb, task.name), Code.FAILED_PRECONDITION, "STATE_TRANSITION")
    violation = refusal.only(details.PreconditionFailure).violations[0]
    assert (violation.type, violation.subject) == ("STATE_TRANSITION", task.name)
    assert state in violation.description
    assert dict(refusal.only(details.ErrorInfo).metadata) == {"state": state}


async def test_the_times_are_set_now_and_cleared_by_reopening(service: Service) -> None:
    task = await make_task(service, "users/me")
    started = await apply(service, "Start", task.name)
    assert started.start_time.ToNanoseconds() >= task.create_time.ToNanoseconds()
    done = await apply(service, "Complete", task.name)
    assert done.complete_time.ToNanoseconds() >= done.start_time.ToNanoseconds()
    again = await apply(service, "Start", (await apply(service, "Reopen", task.name)).name)
    assert again.start_time.ToNanoseconds() > started.start_time.ToNanoseconds()
    assert not again.HasField("complete_time")


@pytest.mark.parametrize("verb", LEADS_TO)
async def test_a_stale_etag_changes_no_state(service: Service, verb: str) -> None:
    task = await task_in(service, "COMPLETED" if verb == "Reopen" else "OPEN")
    await update_task(service, Task(name=task.name, title="Send it"))
    async with unchanged(service.database_url):
        await refused(apply(service, verb, task.name, task.etag), Code.ABORTED, "ETAG_MISMATCH")


@pytest.mark.parametrize("verb", LEADS_TO)
async def test_a_deleted_or_missing_task_changes_no_state(service: Service, verb: str) -> None:
    gone = await deleted_task(service, "users/me")
    async with unchanged(service.database_url):
        await refused(apply(service, verb, gone.name), Code.FAILED_PRECONDITION, "RESOURCE_DELETED")
        for name in (f"users/me/{NO_TASK}", f"{NO_USER}/{NO_TASK}"):
            await refused(apply(service, verb, name), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
