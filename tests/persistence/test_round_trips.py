"""How often each method asks the database and waits, counted on the wire (database.md, Transactions)."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from taxiway.v1 import task_pb2, task_service_pb2
from tests.e2e.accepted import accepted
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.calls import Client, ended, new_id
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.making import make_project, make_user, sign_in, with_password
from tests.e2e.methods import Method, methods, mutations

READS = (
    "GetUser",
    "BatchGetUsers",
    "ListUsers",
    "ListAuditEvents",
    "ListSessions",
    "ListApiKeys",
    "GetTask",
    "ListTasks",
    "BatchGetTasks",
    "SearchTasks",
    "ListTags",
    "GetProject",
    "ListProjects",
)
WRITES = ("CreateTask", "UpdateTask", "StartTask", "CancelTask", "BatchCreateTasks", "CreateProject", "UpdateProject")
# These hold the owner's row first, so that no subtask appears meanwhile (docs/decisions/0012).
HOLDING = ("DeleteTask", "CompleteTask", "ReopenTask")
COUNTS = {
    **dict.fromkeys(READS, 1),
    **dict.fromkeys(WRITES, 3),  # BEGIN, the statement, COMMIT
    **dict.fromkeys(HOLDING, 4),
    "UndeleteTask": 5,  # what went with the task comes back in a statement of its own
    "BatchUpdateTasks": 3,
    "BatchDeleteTasks": 6,  # the first of an owner, whose row is made
    "ImportTasks": 3,
    "ExportTasks": 2,  # the owner, then a page
    "UpdateTag": 7,  # the tag is held, changed, and read again; its tasks are found, and written if there are any
    "DeleteTag": 6,
    "DeleteProject": 5,
    "UndeleteProject": 7,
    # Accounts and access write a line of the audit log beside, and look before they write where that has to be told.
    "CreateUser": 4,
    "UpdateUser": 5,
    "DeleteUser": 7,
    "UndeleteUser": 4,
    "SuspendUser": 5,
    "ReactivateUser": 4,
    "CreatePasswordReset": 6,
    "ImportUsers": 6,
    "ExportUserData": 14,  # the line of the log in a unit, then a page of each of 10 tables
    "EraseUser": 18,
    "SignIn": 9,  # the attempt is counted in a unit, the account looked up, the session begun in another unit
    "RefreshSession": 5,
    "SignOut": 4,
    "ChangePassword": 12,
    "SetPassword": 15,
    "RevokeSession": 4,
    "GetSigningKeys": 0,  # from memory
    "CreateApiKey": 5,
    "RevokeApiKey": 4,
}


@pytest.fixture
async def counted(database_url: str) -> AsyncIterator[tuple[Service, Wire]]:
    """A server that reaches its database through a wire that counts."""
    async with wire(database_url) as proxy, in_process(proxy.url) as service:
        yield service, proxy


@pytest.fixture
def client_and_wire(counted: tuple[Service, Wire]) -> tuple[Client, Wire]:
    service, proxy = counted
    return Client(service.channel), proxy


async def _caller(service: Service, method: Method) -> grpc.aio.Channel:
    """The administrator's, or that of somebody whom the service knows already, for what is about the caller."""
    if not method.is_about_the_caller:
        return service.channel
    stubs = await service.with_token((await sign_in(service, await with_password(service))).access_token)
    task = task_service_pb2.GetTaskRequest(name="users/me/tasks/00000000-0000-4000-8000-000000000000")
    await ended(stubs.tasks.GetTask(task))
    return stubs.channel


async def _warm(service: Service, proxy: Wire, method: Method, *, with_id: bool) -> int:
    """The fewest round trips of four calls: types and statements are known to the connection before the last of them.

    What the worker writes by itself, such as times of use, falls into one of them at the most.
    """
    trips = []
    for _ in range(4):
        request: Any = await accepted(service, method)
        if with_id:
            request.request_id = new_id()
        channel = await _caller(service, method)
        before = proxy.round_trips
        await method.raw(channel)(request.SerializeToString())
        trips.append(proxy.round_trips - before)
    return min(trips)


def test_every_method_is_counted() -> None:
    assert set(COUNTS) == {method.name for method in methods()}


@pytest.mark.parametrize("method", methods(), ids=str)
async def test_a_method_takes_its_round_trips_and_none_for_the_token(
    counted: tuple[Service, Wire], method: Method
) -> None:
    assert await _warm(*counted, method, with_id=False) == COUNTS[method.name]


TOLD = ("CreateTask", "BatchCreateTasks", "UpdateUser", "DeleteProject", "RevokeSession")  # the others are proven


@pytest.mark.parametrize(
    "method", [pytest.param(m, marks=[] if m.name in TOLD else pytest.mark.prove) for m in mutations()], ids=str
)
async def test_a_request_id_takes_two_more(counted: tuple[Service, Wire], method: Method) -> None:
    assert await _warm(*counted, method, with_id=True) == COUNTS[method.name] + 2


async def test_a_refusal_takes_one_more_to_say_why(client_and_wire: tuple[Client, Wire]) -> None:
    """UPDATE of no row, then the look-up; the transaction is begun and rolled back around them."""
    client, proxy = client_and_wire
    user = await client.user()
    missing = f"{user}/tasks/{new_id()}"
    trips = -1
    for _ in range(4):
        before = proxy.round_trips
        refused = await ended(client.retitle(missing, "Nothing"))
        assert refused.reason == "RESOURCE_NOT_FOUND"
        trips = proxy.round_trips - before
    assert trips == 4


async def test_a_repeated_request_takes_four(client_and_wire: tuple[Client, Wire]) -> None:
    """BEGIN, the claim, the stored answer, ROLLBACK."""
    client, proxy = client_and_wire
    user, request_id = await client.user(), new_id()
    first = await client.create(user, request_id=request_id)
    assert await client.create(user, request_id=request_id) == first
    before = proxy.round_trips
    assert await client.create(user, request_id=request_id) == first
    assert proxy.round_trips - before == 4


async def test_an_empty_list_of_a_missing_user_asks_once_more(client_and_wire: tuple[Client, Wire]) -> None:
    client, proxy = client_and_wire
    request = task_service_pb2.ListTasksRequest(parent=f"users/{new_id()}")
    trips = -1
    for _ in range(4):
        before = proxy.round_trips
        assert (await ended(client.tasks.ListTasks(request))).reason == "PARENT_NOT_FOUND"
        trips = proxy.round_trips - before
    assert trips == 2


async def test_a_large_answer_takes_no_more(client_and_wire: tuple[Client, Wire]) -> None:
    client, proxy = client_and_wire
    user = await client.user()
    task = task_pb2.Task(title="Long", description="x" * 10_000)
    for _ in range(20):
        await client.tasks.CreateTask(task_service_pb2.CreateTaskRequest(parent=user, task=task))
    request = task_service_pb2.ListTasksRequest(parent=user)
    await client.tasks.ListTasks(request)
    before = proxy.round_trips
    assert len((await client.tasks.ListTasks(request)).tasks) == 20
    assert proxy.round_trips - before == 1


async def test_a_list_of_1000_with_tags_and_projects_takes_as_many_as_one_of_1(counted: tuple[Service, Wire]) -> None:
    """And as many statements: each round trip of a list is one."""
    service, proxy = counted
    owner = (await make_user(service)).name
    project = (await make_project(service, owner)).name
    task = task_pb2.Task(title="One of many", project=project, tags=["home", "work"])
    for count in (1, 499, 500):
        items = [task_service_pb2.CreateTaskRequest(task=task)] * count
        await service.tasks.BatchCreateTasks(task_service_pb2.BatchCreateTasksRequest(parent=owner, requests=items))
    trips = []
    for size in (1, 1000, 1, 1000):
        before = proxy.round_trips
        request = task_service_pb2.ListTasksRequest(parent=owner, page_size=size)
        assert len((await service.tasks.ListTasks(request)).tasks) == size
        trips.append(proxy.round_trips - before)
    assert trips[2:] == [1, 1]
