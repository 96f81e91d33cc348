"""DeleteTask and UndeleteTask: 30 days to think again."""

import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, GetTaskRequest, StartTaskRequest, UndeleteTaskRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, make_task, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import run, unchanged

Code = grpc.StatusCode
DAYS_30 = 30 * 86_400 * 10**9
MISSING = f"users/me/{NO_TASK}"


async def test_a_deleted_task_goes_after_thirty_days(service: Service) -> None:
    task = await make_task(service, "users/me")
    gone = await service.tasks.DeleteTask(DeleteTaskRequest(name=task.name, etag=task.etag))
    assert gone.purge_time.ToNanoseconds() - gone.delete_time.ToNanoseconds() == DAYS_30
    assert (gone.version, gone.state, gone.title) == (2, task.state, task.title)


async def test_deleting_twice_is_not_found_unless_missing_is_allowed(service: Service) -> None:
    gone = await deleted_task(service, "users/me")
    async with unchanged(service.database_url):
        call = service.tasks.DeleteTask(DeleteTaskRequest(name=gone.name))
        await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        assert await service.tasks.DeleteTask(DeleteTaskRequest(name=gone.name, allow_missing=True)) == gone


async def test_deleting_what_never_was_answers_its_canonical_name_where_missing_is_allowed(service: Service) -> None:
    me = await service.users.GetUser(GetUserRequest(name="users/me"))
    async with unchanged(service.database_url):
        for name, canonical in ((MISSING, f"{me.name}/{NO_TASK}"), (f"{NO_USER}/{NO_TASK}", f"{NO_USER}/{NO_TASK}")):
            call = service.tasks.DeleteTask(DeleteTaskRequest(name=name))
            await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
            answer = await service.tasks.DeleteTask(DeleteTaskRequest(name=name, allow_missing=True))
            assert answer == Task(name=canonical)


@pytest.mark.parametrize("allow_missing", [False, True])
async def test_a_stale_etag_deletes_nothing(service: Service, *, allow_missing: bool) -> None:
    task = await make_task(service, "users/me")
    await update_task(service, Task(name=task.name, title="Send it"))
    async with unchanged(service.database_url):
        request = DeleteTaskRequest(name=task.name, etag=task.etag, allow_missing=allow_missing)
        await refused(service.tasks.DeleteTask(request), Code.ABORTED, "ETAG_MISMATCH")


async def test_undelete_restores_the_task_in_the_state_it_was_in(service: Service) -> None:
    task = await make_task(service, "users/me", description="By post")
    started = await service.tasks.StartTask(StartTaskRequest(name=task.name))
    gone = await service.tasks.DeleteTask(DeleteTaskRequest(name=task.name))
    back = await service.tasks.UndeleteTask(UndeleteTaskRequest(name=task.name, etag=gone.etag))
    assert (back.state, back.start_time, back.description) == (Task.IN_PROGRESS, started.start_time, "By post")
    assert not back.HasField("delete_time")
    assert not back.HasField("purge_time")
    assert await service.tasks.GetTask(GetTaskRequest(name=task.name)) == back


async def test_undelete_of_a_living_task_is_refused(service: Service) -> None:
    task = await make_task(service, "users/me")
    async with unchanged(service.database_url):
        call = service.tasks.UndeleteTask(UndeleteTaskRequest(name=task.name))
        await refused(call, Code.ALREADY_EXISTS, "RESOURCE_NOT_DELETED")


async def test_undelete_with_a_stale_etag_is_aborted(service: Service) -> None:
    task = await make_task(service, "users/me")
    await service.tasks.DeleteTask(DeleteTaskRequest(name=task.name))
    async with unchanged(service.database_url):
        call = service.tasks.UndeleteTask(UndeleteTaskRequest(name=task.name, etag=task.etag))
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")


async def test_undelete_of_what_never_was_or_is_due_to_go_is_not_found(service: Service) -> None:
    due = await deleted_task(service, "users/me")
    await run(service.database_url, "UPDATE tasks SET purge_at = now() - interval '1 s'")
    async with unchanged(service.database_url):
        for name in (MISSING, f"{NO_USER}/{NO_TASK}", due.name):
            call = service.tasks.UndeleteTask(UndeleteTaskRequest(name=name))
            await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
