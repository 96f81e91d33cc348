"""UpdateTask: masks, etags, upsert, and what a change leaves alone."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import GetTaskRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, deleted_user, make_task, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Code = grpc.StatusCode
DUE = Timestamp(seconds=1_900_000_000)
MISSING = f"users/me/{NO_TASK}"


async def test_a_mask_writes_what_it_names_and_nothing_else(service: Service) -> None:
    task = await make_task(service, "users/me", description="By post", priority="HIGH", due_time=DUE)
    given = Task(name=task.name, title="Send it", description="By hand", state=Task.COMPLETED)
    after = await update_task(service, given, "title")
    assert (after.title, after.description, after.priority) == ("Send it", "By post", Task.HIGH)
    assert (after.due_time, after.state, after.version) == (DUE, Task.OPEN, 2)
    assert after.etag != task.etag
    assert after.update_time.ToNanoseconds() > task.update_time.ToNanoseconds()
    assert after.create_time == task.create_time


async def test_a_masked_field_that_is_not_given_is_cleared(service: Service) -> None:
    task = await make_task(service, "users/me", description="By post", priority="HIGH", due_time=DUE)
    after = await update_task(service, Task(name=task.name), "description", "priority", "due_time")
    assert (after.title, after.description, after.priority) == (task.title, "", Task.MEDIUM)
    assert not after.HasField("due_time")


async def test_without_a_mask_every_populated_field_is_written(service: Service) -> None:
    task = await make_task(service, "users/me", description="By post", due_time=DUE)
    after = await update_task(service, Task(name=task.name, title="Send it", priority=Task.LOW))
    assert (after.title, after.priority) == ("Send it", Task.LOW)
    assert (after.description, after.due_time) == ("By post", DUE)


async def test_a_star_replaces_everything(service: Service) -> None:
    task = await make_task(service, "users/me", description="By post", priority="HIGH", due_time=DUE)
    after = await update_task(service, Task(name=task.name, title="Send it"), "*")
    assert (after.title, after.description, after.priority) == ("Send it", "", Task.MEDIUM)
    assert not after.HasField("due_time")


@pytest.mark.parametrize("paths", [("title",), ("*",)])
async def test_a_required_field_cannot_be_cleared(service: Service, paths: tuple[str, ...]) -> None:
    task = await make_task(service, "users/me")
    async with unchanged(service.database_url):
        call = update_task(service, Task(name=task.name), *paths)
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.title"]


async def test_the_etag_that_was_read_lets_the_write_through_once(service: Service) -> None:
    task = await make_task(service, "users/me")
    read = Task(name=task.name, etag=task.etag, title="Send it")
    await update_task(service, read, "title")
    read.title = "Burn it"
    async with unchanged(service.database_url):
        refusal = await refused(update_task(service, read, "title"), Code.ABORTED, "ETAG_MISMATCH")
    assert refusal.only(details.ResourceInfo).resource_name == task.name


async def test_an_update_that_changes_nothing_keeps_version_and_time(service: Service) -> None:
    task = await make_task(service, "users/me", description="By post", due_time=DUE)
    async with unchanged(service.database_url):
        assert await update_task(service, task) == task
        assert await update_task(service, task, "*") == task
        assert await update_task(service, Task(name=task.name)) == task
        assert await update_task(service, Task(name=task.name, title=task.title), "title") == task


async def test_a_deleted_task_cannot_change_not_even_with_allow_missing(service: Service) -> None:
    gone = await deleted_task(service, "users/me")
    async with unchanged(service.database_url):
        for allow_missing in (False, True):
            call = update_task(service, Task(name=gone.name, title="Send it"), allow_missing=allow_missing)
            refusal = await refused(call, Code.FAILED_PRECONDITION, "RESOURCE_DELETED")
            violation = refusal.only(details.PreconditionFailure).violations[0]
            assert (violation.type, violation.subject) == ("RESOURCE_DELETED", gone.name)


async def test_a_missing_task_is_not_found_without_allow_missing(service: Service) -> None:
    async with unchanged(service.database_url):
        for name in (MISSING, f"{NO_USER}/{NO_TASK}"):
            call = update_task(service, Task(name=name, title="Send it"))
            await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_allow_missing_makes_the_task_of_that_name_and_ignores_the_mask(service: Service) -> None:
    given = Task(name=MISSING, title="Send it", description="By post")
    made = await update_task(service, given, "priority", allow_missing=True)
    assert (made.title, made.description, made.version, made.state) == ("Send it", "By post", 1, Task.OPEN)
    assert made.name.endswith(NO_TASK)
    assert await service.tasks.GetTask(GetTaskRequest(name=MISSING)) == made


async def test_allow_missing_needs_an_owner_that_lives_and_a_whole_task(service: Service) -> None:
    gone, task = await deleted_user(service), Task(title="Send it")
    async with unchanged(service.database_url):
        task.name = f"{NO_USER}/{NO_TASK}"
        await refused(update_task(service, task, allow_missing=True), Code.NOT_FOUND, "PARENT_NOT_FOUND")
        task.name = f"{gone.name}/{NO_TASK}"
        await refused(update_task(service, task, allow_missing=True), Code.FAILED_PRECONDITION, "OWNER_DELETED")
        call = update_task(service, Task(name=MISSING, description="x"), "description", allow_missing=True)
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.title"]


async def test_allow_missing_of_a_task_that_is_there_updates_by_the_mask(service: Service) -> None:
    task = await make_task(service, "users/me")
    given = Task(name=task.name, description="By hand")
    after = await update_task(service, given, "description", allow_missing=True)
    assert (after.title, after.description, after.version) == (task.title, "By hand", 2)
