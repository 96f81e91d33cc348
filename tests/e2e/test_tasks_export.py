"""ExportTasks: all tasks once, oldest first, in messages that clients take, with constant memory of the server."""

import os
from pathlib import Path

import grpc
import pytest
from sqlalchemy import text

from persistence import engine
from persistence.url import parse
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, ExportTasksRequest, ExportTasksResponse
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from taxiway.v1.user_service_pb2 import DeleteUserRequest
from tests.conftest import Databases
from tests.e2e.accounts import accounts
from tests.e2e.conftest import KEYS, Service
from tests.e2e.faults.figures import report
from tests.e2e.faults.until import until
from tests.e2e.making import NO_USER, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run
from tests.e2e.service_process import KEY, serving


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
ANSWER = 3 << 20
TASKS = """
    INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)
    SELECT '{owner}', ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, 'Task ' || number,
           {description}, 'LOW', '{owner}', '{owner}'
    FROM generate_series({first}, {last}) AS number
"""


async def fill(url: str, owner: str, first: int, last: int, description: str = "''") -> None:
    """Tasks of ids that grow with their numbers."""
    given = {"owner": owner.removeprefix("users/"), "first": first, "last": last, "description": description}
    await run(url, TASKS.format(**given))


async def export(service: Service, parent: str, **fields: object) -> list[ExportTasksResponse]:
    request = ExportTasksRequest(parent=parent, **fields)  # type: ignore[arg-type]  # fields of whatever type
    return [message async for message in service.tasks.ExportTasks(request)]


def titles(messages: list[ExportTasksResponse]) -> list[str]:
    return [task.title for message in messages for task in message.tasks]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1000])
async def test_every_task_comes_once_oldest_first_in_messages_of_500_at_most(service: Service, count: int) -> None:
    owner = (await make_user(service)).name
    await fill(service.database_url, owner, 1, count)
    messages = await export(service, owner)
    assert titles(messages) == [f"Task {number}" for number in range(1, count + 1)]
    assert all(1 <= len(message.tasks) <= 500 for message in messages)


async def test_messages_of_large_tasks_are_as_large_as_clients_take_and_no_larger(service: Service) -> None:
    owner = (await make_user(service)).name
    await fill(service.database_url, owner, 1, 600, "repeat(U&'\\+01f6eb', 10000)")
    messages = await export(service, owner)
    assert titles(messages) == [f"Task {number}" for number in range(1, 601)]
    assert ANSWER - 50_000 < max(message.ByteSize() for message in messages) <= ANSWER


async def test_a_task_is_exported_as_it_is_read(service: Service) -> None:
    owner = (await make_user(service)).name
    task = await make_task(service, owner, tags=["home"], priority=Task.HIGH, metadata={"a": 1})
    assert await export(service, owner) == [ExportTasksResponse(tasks=[task])]


async def test_deleted_tasks_come_where_they_are_asked_for(service: Service) -> None:
    owner = (await make_user(service)).name
    kept, gone = await make_task(service, owner, title="Kept"), await make_task(service, owner, title="Gone")
    await service.tasks.DeleteTask(DeleteTaskRequest(name=gone.name))
    assert titles(await export(service, owner)) == [kept.title]
    assert titles(await export(service, owner, show_deleted=True)) == [kept.title, gone.title]


async def test_a_filter_finds_the_few_among_many_and_a_wrong_one_is_refused(service: Service) -> None:
    """Of more tasks than one page looks at: it goes on where a page ended early."""
    owner = (await make_user(service)).name
    await fill(service.database_url, owner, 1, 21_000)
    assert titles(await export(service, owner, filter='title = "Task 20500"')) == ["Task 20500"]
    assert titles(await export(service, owner, filter="state = CANCELLED")) == []
    refusal = await refused(_first(service, owner, "stat = OPEN"), Code.INVALID_ARGUMENT, "INVALID_FILTER")
    assert "state" in refusal.message


async def _first(service: Service, owner: str, condition: str = "") -> None:
    await export(service, owner, filter=condition)


async def test_a_deleted_owner_is_exported_and_a_missing_one_is_not_found(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, title="Kept")
    await service.users.DeleteUser(DeleteUserRequest(name=owner))
    assert titles(await export(service, owner)) == ["Kept"]
    await refused(_first(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    await refused(_first(service, "users/me/x"), Code.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_a_reader_that_does_not_read_holds_no_connection_of_the_database(service: Service) -> None:
    owner = (await make_user(service)).name
    await fill(service.database_url, owner, 1, 2000, "repeat('x', 10000)")
    call = service.tasks.ExportTasks(ExportTasksRequest(parent=owner))
    first = await call.read()
    assert isinstance(first, ExportTasksResponse)
    await until(lambda: service.lifecycle.db.running == 0, 5)
    assert service.lifecycle.admission.in_flight == 1, "it is still being served"
    call.cancel()


MILLION, ALLOWED = 1_000_000, 32  # MiB more than after the first tasks


@pytest.mark.prove
@pytest.mark.timeout(900)
async def test_a_million_tasks_are_exported_with_constant_memory(
    databases: Databases, migrated_template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with databases(template=migrated_template) as url:
        async with accounts(url, KEYS) as made:
            owner = await made.make("SERVICE", ("tasks.read",))
        await _million(url, owner.name)
        async with serving({"DATABASE_URL": url, "SECRET_KEY": KEY, "PURGE": "off"}) as server:
            resident, seen = list[int](), 0
            async with grpc.aio.insecure_channel(server.address) as channel:
                request, metadata = ExportTasksRequest(parent=owner.name), (("authorization", f"Bearer {owner.token}"),)
                async for message in TaskServiceStub(channel).ExportTasks(request, metadata=metadata):
                    seen += len(message.tasks)
                    resident.append(_resident(server.pid))
            assert seen == MILLION
    first, most = resident[len(resident) // 100], max(resident)
    report(capsys, f"a million tasks: {first} MiB after the first hundredth, {most} MiB at most")
    assert most <= first + ALLOWED


def _resident(pid: int) -> int:
    """In MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20


async def _million(url: str, owner: str) -> None:
    """Without the indexes that an export does not read: they would take most of the time."""
    single = engine.single(parse(url))
    async with single.begin() as connection:
        orders = await connection.execute(
            text("SELECT indexname FROM pg_indexes WHERE tablename = 'tasks' AND indexname LIKE 'ix_tasks_owner_id_%'")
        )
        for (name,) in orders.all():
            if name != "ix_tasks_owner_id_id_living":
                await connection.execute(text(f"DROP INDEX {name}"))
    await single.dispose()
    for first in range(0, MILLION, 100_000):
        await fill(url, owner, first + 1, first + 100_000, "repeat('x', 200)")
    await run(url, "ANALYZE tasks")
