"""A task's id below another owner's name is no task: each write finds nothing, and changes nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service, Stubs
from tests.e2e.making import deleted_task, make_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Write = Callable[[Stubs, str], Awaitable[Any]]
WRITES: dict[str, Write] = {
    "get": lambda stubs, name: stubs.tasks.GetTask(pb.GetTaskRequest(name=name)),
    "update": lambda stubs, name: stubs.tasks.UpdateTask(pb.UpdateTaskRequest(task=Task(name=name, title="mine"))),
    "delete": lambda stubs, name: stubs.tasks.DeleteTask(pb.DeleteTaskRequest(name=name)),
    "undelete": lambda stubs, name: stubs.tasks.UndeleteTask(pb.UndeleteTaskRequest(name=name)),
    "start": lambda stubs, name: stubs.tasks.StartTask(pb.StartTaskRequest(name=name)),
    "complete": lambda stubs, name: stubs.tasks.CompleteTask(pb.CompleteTaskRequest(name=name)),
    "cancel": lambda stubs, name: stubs.tasks.CancelTask(pb.CancelTaskRequest(name=name)),
    "reopen": lambda stubs, name: stubs.tasks.ReopenTask(pb.ReopenTaskRequest(name=name)),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_below_ones_own_name_the_task_of_another_is_not_found(service: Service, write: Write) -> None:
    mine, other = await service.accounts.make("USER"), await service.accounts.make("USER")
    stubs = await service.with_token(mine.token)
    living, gone = await make_task(service, other.name), await deleted_task(service, other.name)
    async with unchanged(service.database_url):
        for task in (living, gone):
            name = task.name.replace(other.name, mine.name)
            await refused(write(stubs, name), grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
