"""How often each method asks the database and waits, counted on the wire (database.md, Transactions)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from taxiway.v1 import task_pb2, task_service_pb2, user_pb2, user_service_pb2
from tests.e2e.conftest import in_process
from tests.e2e.faults.calls import OK, Client, ended, new_id
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.methods import methods, mutations

Call = Callable[[Client, "Things", str], Awaitable[object]]


@dataclass
class Things:
    """What the calls work on: made anew for each repetition, so that every one of them succeeds."""

    user: str
    task: str
    number: int


READS: dict[str, Call] = {
    "GetTask": lambda c, t, _: c.get(t.task),
    "ListTasks": lambda c, t, _: c.tasks.ListTasks(task_service_pb2.ListTasksRequest(parent=t.user)),
    "GetUser": lambda c, t, _: c.users.GetUser(user_service_pb2.GetUserRequest(name=t.user)),
    "ListUsers": lambda c, _t, _: c.users.ListUsers(user_service_pb2.ListUsersRequest()),
    "BatchGetUsers": lambda c, t, _: c.users.BatchGetUsers(user_service_pb2.BatchGetUsersRequest(names=[t.user])),
}
WRITES: dict[str, Call] = {
    "CreateTask": lambda c, t, key: c.create(t.user, request_id=key),
    "UpdateTask": lambda c, t, key: c.retitle(t.task, f"Title {t.number}", key),
    "StartTask": lambda c, t, key: c.tasks.StartTask(task_service_pb2.StartTaskRequest(name=t.task, request_id=key)),
    "CompleteTask": lambda c, t, key: c.tasks.CompleteTask(
        task_service_pb2.CompleteTaskRequest(name=t.task, request_id=key)
    ),
    "CancelTask": lambda c, t, key: c.tasks.CancelTask(task_service_pb2.CancelTaskRequest(name=t.task, request_id=key)),
    "DeleteTask": lambda c, t, key: c.tasks.DeleteTask(task_service_pb2.DeleteTaskRequest(name=t.task, request_id=key)),
    "UndeleteTask": lambda c, t, key: c.tasks.UndeleteTask(
        task_service_pb2.UndeleteTaskRequest(name=t.task, request_id=key)
    ),
    "ReopenTask": lambda c, t, key: c.tasks.ReopenTask(task_service_pb2.ReopenTaskRequest(name=t.task, request_id=key)),
    "CreateUser": lambda c, t, key: c.users.CreateUser(
        user_service_pb2.CreateUserRequest(
            user=user_pb2.User(username=f"w{key[:8]}x{t.number}", email=f"w{key[:8]}x{t.number}@example.com"),
            request_id=key,
        )
    ),
    "UpdateUser": lambda c, t, key: c.users.UpdateUser(
        user_service_pb2.UpdateUserRequest(
            user=user_pb2.User(name=t.user, display_name=f"Name {t.number}"), request_id=key
        )
    ),
    "DeleteUser": lambda c, t, key: c.users.DeleteUser(user_service_pb2.DeleteUserRequest(name=t.user, request_id=key)),
    "UndeleteUser": lambda c, t, key: c.users.UndeleteUser(
        user_service_pb2.UndeleteUserRequest(name=t.user, request_id=key)
    ),
}
# What must have been done to a thing before the call can succeed.
FIRST = {"UndeleteTask": "DeleteTask", "ReopenTask": "CompleteTask", "UndeleteUser": "DeleteUser"}


@pytest.fixture
async def counted(database_url: str) -> AsyncIterator[tuple[Client, Wire]]:
    """A server that reaches its database through a wire that counts."""
    async with wire(database_url) as proxy, in_process(proxy.url) as service:
        yield Client(service.channel), proxy


async def _warm(client: Client, proxy: Wire, method: str, *, with_id: bool) -> int:
    """The round trips of the fourth call in a row: types and statements are known to the connection by then."""
    trips, call = -1, {**READS, **WRITES}[method]
    for number in range(4):
        user = await client.user()
        things = Things(user, (await client.create(user)).name, number)
        if method in FIRST:
            await WRITES[FIRST[method]](client, things, "")
        before = proxy.round_trips
        assert (await ended(call(client, things, new_id() if with_id else ""))).code is OK
        trips = proxy.round_trips - before
    return trips


def test_every_method_is_counted() -> None:
    assert set(READS) == {method.name for method in methods() if not method.mutates}
    assert set(WRITES) == {method.name for method in mutations()}


@pytest.mark.parametrize("method", READS)
async def test_a_read_takes_one_round_trip(counted: tuple[Client, Wire], method: str) -> None:
    assert await _warm(*counted, method, with_id=False) == 1


@pytest.mark.parametrize("method", WRITES)
async def test_a_write_takes_three_round_trips_and_two_more_with_a_request_id(
    counted: tuple[Client, Wire], method: str
) -> None:
    assert await _warm(*counted, method, with_id=False) == 3
    assert await _warm(*counted, method, with_id=True) == 5


async def test_a_refusal_takes_one_more_to_say_why(counted: tuple[Client, Wire]) -> None:
    """UPDATE of no row, then the look-up; the transaction is begun and rolled back around them."""
    client, proxy = counted
    user = await client.user()
    missing = f"{user}/tasks/{new_id()}"
    trips = -1
    for _ in range(4):
        before = proxy.round_trips
        refused = await ended(client.retitle(missing, "Nothing"))
        assert refused.reason == "RESOURCE_NOT_FOUND"
        trips = proxy.round_trips - before
    assert trips == 4


async def test_a_repeated_request_takes_four(counted: tuple[Client, Wire]) -> None:
    """BEGIN, the claim, the stored answer, ROLLBACK."""
    client, proxy = counted
    user, request_id = await client.user(), new_id()
    first = await client.create(user, request_id=request_id)
    assert await client.create(user, request_id=request_id) == first
    before = proxy.round_trips
    assert await client.create(user, request_id=request_id) == first
    assert proxy.round_trips - before == 4


async def test_an_empty_list_of_a_missing_user_asks_once_more(counted: tuple[Client, Wire]) -> None:
    client, proxy = counted
    request = task_service_pb2.ListTasksRequest(parent=f"users/{new_id()}")
    trips = -1
    for _ in range(4):
        before = proxy.round_trips
        assert (await ended(client.tasks.ListTasks(request))).reason == "PARENT_NOT_FOUND"
        trips = proxy.round_trips - before
    assert trips == 2


async def test_a_large_answer_takes_no_more(counted: tuple[Client, Wire]) -> None:
    client, proxy = counted
    user = await client.user()
    task = task_pb2.Task(title="Long", description="x" * 10_000)
    for _ in range(20):
        await client.tasks.CreateTask(task_service_pb2.CreateTaskRequest(parent=user, task=task))
    request = task_service_pb2.ListTasksRequest(parent=user)
    await client.tasks.ListTasks(request)
    before = proxy.round_trips
    assert len((await client.tasks.ListTasks(request)).tasks) == 20
    assert proxy.round_trips - before == 1
