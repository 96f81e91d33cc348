"""Deletes against undeletes of one resource: OK means deleted, whoever else writes."""

import asyncio
import random

import grpc
import pytest

from taxiway.v1 import task_service_pb2 as tasks
from taxiway.v1 import user_service_pb2 as users
from taxiway.v1.task_pb2 import Task
from taxiway.v1.user_pb2 import User
from tests.e2e.conftest import Service
from tests.e2e.making import make_user

CALLERS, CALLS = 16, 40


async def _deletions_that_left_it_alive(delete: object, undelete: object) -> int:
    seeded = random.Random(5)
    alive = 0

    async def call() -> None:
        nonlocal alive
        for _ in range(CALLS):
            deleting = seeded.random() < 0.5
            try:
                answer = await (delete() if deleting else undelete())  # type: ignore[operator]  # closures over stubs
            except grpc.aio.AioRpcError:
                continue  # the other race's answers: not deleted, lost, in the way
            alive += deleting and not answer.HasField("delete_time")

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return alive


@pytest.mark.parametrize("resource", ["task", "user"])
async def test_a_delete_that_succeeds_with_allow_missing_has_deleted(service: Service, resource: str) -> None:
    user = await make_user(service)
    made = await service.tasks.CreateTask(tasks.CreateTaskRequest(parent=user.name, task=Task(title="Paint")))

    async def delete() -> Task | User:
        if resource == "task":
            return await service.tasks.DeleteTask(tasks.DeleteTaskRequest(name=made.name, allow_missing=True))
        return await service.users.DeleteUser(users.DeleteUserRequest(name=user.name, allow_missing=True))

    async def undelete() -> Task | User:
        if resource == "task":
            return await service.tasks.UndeleteTask(tasks.UndeleteTaskRequest(name=made.name))
        return await service.users.UndeleteUser(users.UndeleteUserRequest(name=user.name))

    assert await _deletions_that_left_it_alive(delete, undelete) == 0
