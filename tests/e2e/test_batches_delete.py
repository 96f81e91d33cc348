"""BatchDeleteTasks: all tasks or none, in the order of the requests; what counts is what is left after all of them."""

from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest
from tests.e2e.batching import batch_create, batch_delete, batch_get, draft, refused_at, tasks_of
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, make_task, make_user, update_task
from tests.e2e.refusals import refused

Code = grpc.StatusCode
LIVE_CHILDREN = (Code.FAILED_PRECONDITION, "LIVE_CHILDREN")


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


def deletion(task: Task, *, force: bool = False, allow_missing: bool = False) -> DeleteTaskRequest:
    return DeleteTaskRequest(name=task.name, force=force, allow_missing=allow_missing)


async def family(service: Service, owner: str, levels: int) -> list[Task]:
    """Tasks each below the one before."""
    tasks: list[Task] = []
    for _ in range(levels):
        tasks.append(await make_task(service, owner, parent_task=tasks[-1].name if tasks else ""))
    return tasks


async def test_500_tasks_are_deleted_and_come_in_the_order_of_the_requests(service: Service, owner: str) -> None:
    made = await batch_create(service, owner, [draft() for _ in range(500)])
    gone = await batch_delete(service, owner, [deletion(task) for task in reversed(made)])
    assert [task.name for task in gone] == [task.name for task in reversed(made)]
    assert (
        len({(task.delete_time.ToNanoseconds(), task.purge_time.ToNanoseconds(), task.version) for task in gone}) == 1
    )
    assert gone[0].purge_time.ToSeconds() - gone[0].delete_time.ToSeconds() == 30 * 86_400
    assert await tasks_of(service, owner) == []
    assert await batch_get(service, owner, [task.name for task in gone]) == gone


@pytest.mark.parametrize("force", [False, True])
async def test_a_task_and_its_subtasks_go_together_in_whatever_order(service: Service, owner: str, force: bool) -> None:
    for turned in (False, True):
        requests = [deletion(task, force=force) for task in await family(service, owner, 3)]
        gone = await batch_delete(service, owner, reversed(requests) if turned else requests)
        assert {task.version for task in gone} == {2}
    assert await tasks_of(service, owner) == []


async def test_a_subtask_that_is_left_alone_keeps_its_parent(service: Service, owner: str) -> None:
    top, middle, _ = await family(service, owner, 3)
    alone = await make_task(service, owner)
    call = batch_delete(service, owner, [deletion(alone), deletion(middle), deletion(top)])
    refusal = await refused_at("requests[1]", call, *LIVE_CHILDREN)
    assert refusal.only(details.ResourceInfo).resource_name == middle.name
    await batch_delete(service, owner, [deletion(middle, force=True), deletion(alone)])
    assert [task.name for task in await tasks_of(service, owner)] == [top.name]


async def test_force_takes_what_is_below_also_past_another_of_the_batch(service: Service, owner: str) -> None:
    """The subtask that is named without force has no living subtask of its own any more: they go with the first."""
    top, middle, below, last = await family(service, owner, 4)
    gone = await batch_delete(service, owner, [deletion(middle), deletion(top, force=True)])
    assert [task.name for task in gone] == [middle.name, top.name]
    whole = await batch_get(service, owner, [task.name for task in (top, middle, below, last)])
    assert {task.delete_time.ToNanoseconds() for task in whole} == {gone[0].delete_time.ToNanoseconds()}
    assert {task.version for task in whole} == {2}


async def test_a_task_that_is_missing_or_deleted_or_changed_refuses_the_batch(service: Service, owner: str) -> None:
    task, gone, changed = [await make_task(service, owner) for _ in range(3)]
    await service.tasks.DeleteTask(deletion(gone))
    await update_task(service, Task(name=changed.name, title="Meanwhile"), "title")
    stale = DeleteTaskRequest(name=changed.name, etag=changed.etag, allow_missing=True)
    missing, last = [DeleteTaskRequest(name=f"{owner}/tasks/{uuid4()}") for _ in range(2)]
    not_found = (Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    wrong = ((deletion(gone), *not_found), (missing, *not_found), (stale, Code.ABORTED, "ETAG_MISMATCH"))
    for item, code, reason in wrong:
        call = batch_delete(service, owner, [deletion(task), item, last])
        refusal = await refused_at("requests[1]", call, code, reason)
        assert refusal.only(details.ResourceInfo).resource_name == item.name
    assert len(await tasks_of(service, owner)) == 2
    call = batch_delete(service, NO_USER, [DeleteTaskRequest(name=f"{NO_USER}/{NO_TASK}")])
    await refused_at("requests[0]", call, *not_found)


async def test_with_allow_missing_what_is_gone_is_answered_as_it_is(service: Service, owner: str) -> None:
    task, gone = await make_task(service, owner), await deleted_task(service, owner)
    missing = Task(name=f"{owner}/{NO_TASK}")
    requests = [deletion(each, allow_missing=True) for each in (missing, task, gone)]
    answers = await batch_delete(service, owner, requests)
    assert (answers[0], answers[2]) == (missing, gone)
    assert (answers[1].name, answers[1].version) == (task.name, 2)
    assert await batch_delete(service, owner, requests) == answers


async def test_undelete_brings_back_what_was_deleted_with_it(service: Service, owner: str) -> None:
    top, middle, below = await family(service, owner, 3)
    before, _ = await deleted_task(service, owner, parent_task=below.name), await make_task(service, owner)
    await batch_delete(service, owner, [deletion(top, force=True)])
    await service.tasks.UndeleteTask(pb.UndeleteTaskRequest(name=top.name))
    names = {task.name for task in await tasks_of(service, owner)}
    assert {top.name, middle.name, below.name} < names
    assert before.name not in names


async def test_a_rehearsal_deletes_nothing(service: Service, owner: str) -> None:
    top, _ = tasks = await family(service, owner, 2)
    (answer,) = await batch_delete(service, owner, [deletion(top, force=True)], validate_only=True)
    assert answer.HasField("delete_time")
    await refused_at("requests[0]", batch_delete(service, owner, [deletion(top)], validate_only=True), *LIVE_CHILDREN)
    assert await batch_get(service, owner, [task.name for task in tasks]) == tasks


async def test_an_answer_beyond_its_bound_deletes_nothing(service: Service, owner: str) -> None:
    requests = [draft(description="\U0001f6eb" * 10_000)] * 25
    tasks = [task for _ in range(4) for task in await batch_create(service, owner, requests)]
    call = batch_delete(service, owner, [deletion(task) for task in tasks])
    refusal = await refused(call, Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    assert 70 < int(refusal.only(details.ErrorInfo).metadata["fit"]) < 80
    assert {task.version for task in await tasks_of(service, owner)} == {1}
