"""`allow_missing` under contention: callers who all find nothing make it once, and each of them is answered."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.faults.rows import waiting_for_locks
from tests.e2e.faults.until import until
from tests.e2e.making import NO_USER, make_task, make_user, update_task, update_user
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged

CALLS = 10
NUMBER = NO_USER.removeprefix("users/")
OWNER = "SELECT id FROM users LIMIT 1"
HELD = {
    "tasks": f"INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by) "
    f"SELECT id, '{NUMBER}', 'held', '', 'LOW', id, id FROM users LIMIT 1",
    "users": f"INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by) "
    f"SELECT '{NUMBER}', 'held', 'held', '', 'UTC', 'SERVICE', id, id FROM users LIMIT 1",
}


async def upsert_task(service: Service) -> Task:
    ((owner,),) = await select(service.database_url, OWNER)
    return await update_task(service, Task(name=f"users/{owner}/tasks/{NUMBER}", title="Send it"), allow_missing=True)


async def upsert_user(service: Service) -> User:
    user = User(name=NO_USER, username="grace", email="grace@example.com")
    return await update_user(service, user, allow_missing=True)


@asynccontextmanager
async def id_held(database_url: str, table: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Another transaction has made the row, and takes it back at the end: whoever makes it meanwhile waits."""
    connection = await asyncpg.connect(database_url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(HELD[table])
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()


@pytest.mark.parametrize(("table", "upsert"), [("tasks", upsert_task), ("users", upsert_user)], ids=["task", "user"])
async def test_upserts_of_one_missing_name_all_succeed_and_leave_one_row(
    service: Service, table: str, upsert: Callable[[Service], Awaitable[Any]]
) -> None:
    """All have found nothing before the first one makes it: nine of them make it in vain and then update it."""
    await service.users.GetUser(GetUserRequest(name="users/me"))  # the caller is known from here on
    async with id_held(service.database_url, table) as held:
        calls = [asyncio.create_task(_call(upsert, service)) for _ in range(CALLS)]
        await until(lambda: waiting_for_locks(held, CALLS), 0.9)
    answers = await asyncio.gather(*calls)
    assert all(answer == answers[0] for answer in answers)
    rows = await select(service.database_url, f"SELECT version FROM {table} WHERE id = '{NUMBER}'")
    assert rows == [(1,)], "the updates change nothing"


async def _call(upsert: Callable[[Service], Awaitable[Any]], service: Service) -> Any:
    return await upsert(service)


@dataclass(frozen=True)
class Half:
    """An update of a resource that is there, of one field: too little to make the resource of it."""

    call: Callable[..., Awaitable[object]]
    resource: Task | User
    field: str


async def half_of(service: Service, kind: str) -> Half:
    if kind == "task":
        task = await make_task(service, "users/me")
        return Half(update_task, Task(name=task.name, description="By post"), "description")
    user = await make_user(service)
    return Half(update_user, User(name=user.name, display_name="Grace"), "display_name")


@pytest.mark.parametrize("first", [False, True], ids=["without it first", "with it first"])
@pytest.mark.parametrize("kind", ["task", "user"])
async def test_a_request_id_tells_a_repeat_that_differs_in_allow_missing_alone(
    service: Service, kind: str, first: bool
) -> None:
    half, request_id = await half_of(service, kind), str(uuid.uuid4())
    await half.call(service, half.resource, half.field, request_id=request_id, allow_missing=first)
    async with unchanged(service.database_url):
        call = half.call(service, half.resource, half.field, request_id=request_id, allow_missing=not first)
        await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
