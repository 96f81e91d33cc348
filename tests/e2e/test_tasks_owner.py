"""While the owner is deleted its tasks can be read and not written; they come back with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from taxiway.v1.user_service_pb2 import DeleteUserRequest, UndeleteUserRequest
from tests.e2e.conftest import Service
from tests.e2e.faults.rows import waiting_for_locks
from tests.e2e.faults.until import until
from tests.e2e.making import deleted_task, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Code = grpc.StatusCode
Write = Callable[[Service, Task, Task], Awaitable[Any]]
WRITES: dict[str, Write] = {
    "create": lambda service, task, _: make_task(service, task.name.partition("/tasks/")[0]),
    "update": lambda service, task, _: service.tasks.UpdateTask(pb.UpdateTaskRequest(task=task)),
    "upsert": lambda service, task, _: service.tasks.UpdateTask(pb.UpdateTaskRequest(task=task, allow_missing=True)),
    "delete": lambda service, task, _: service.tasks.DeleteTask(pb.DeleteTaskRequest(name=task.name)),
    "undelete": lambda service, _, gone: service.tasks.UndeleteTask(pb.UndeleteTaskRequest(name=gone.name)),
    "start": lambda service, task, _: service.tasks.StartTask(pb.StartTaskRequest(name=task.name)),
    "complete": lambda service, task, _: service.tasks.CompleteTask(pb.CompleteTaskRequest(name=task.name)),
    "cancel": lambda service, task, _: service.tasks.CancelTask(pb.CancelTaskRequest(name=task.name)),
    "reopen": lambda service, task, _: service.tasks.ReopenTask(pb.ReopenTaskRequest(name=task.name)),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_below_a_deleted_user_nothing_is_written(service: Service, write: Write) -> None:
    owner = await make_user(service)
    task, gone = await make_task(service, owner.name), await deleted_task(service, owner.name)
    await service.users.DeleteUser(DeleteUserRequest(name=owner.name))
    async with unchanged(service.database_url):
        refusal = await refused(write(service, task, gone), Code.FAILED_PRECONDITION, "OWNER_DELETED")
    assert refusal.only(details.ResourceInfo).resource_type == "taxiway.dev/User"
    assert refusal.only(details.ResourceInfo).resource_name == owner.name


async def test_the_tasks_of_a_deleted_user_can_be_read_and_come_back_with_it(service: Service) -> None:
    owner = await make_user(service)
    task = await make_task(service, owner.name)
    await service.users.DeleteUser(DeleteUserRequest(name=owner.name))
    assert await service.tasks.GetTask(pb.GetTaskRequest(name=task.name)) == task
    assert list((await service.tasks.ListTasks(pb.ListTasksRequest(parent=owner.name))).tasks) == [task]
    await service.users.UndeleteUser(UndeleteUserRequest(name=owner.name))
    assert (await service.tasks.StartTask(pb.StartTaskRequest(name=task.name))).state == Task.IN_PROGRESS


async def test_no_task_is_made_below_an_owner_who_is_being_deleted(service: Service) -> None:
    """Else it would outlive the erasure of its owner: it waits for what is under way, and then sees it."""
    owner = await make_user(service)
    connection = await asyncpg.connect(service.database_url)
    try:
        async with connection.transaction():
            await connection.execute(
                "UPDATE users SET deleted_at = now(), purge_at = now() + interval '30 days' WHERE id = $1",
                UUID(owner.name.removeprefix("users/")),
            )
            call = refused(make_task(service, owner.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")
            making = asyncio.create_task(call)
            await until(lambda: waiting_for_locks(connection, 1), 5)
        await making
        assert await connection.fetchval("SELECT count(*) FROM tasks") == 0
    finally:
        await connection.close()
