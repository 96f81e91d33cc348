"""ImportTasks: the order of a stream's messages, what a repeat does, and for whom."""

from collections.abc import Iterable
from uuid import uuid4

import grpc
import pytest

from taxiway.v1.task_service_pb2 import ImportTasksRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_user, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged
from tests.e2e.task_imports import Rows, count, failed, imported, load, message, row


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode


async def test_a_stream_that_is_sent_again_imports_nothing_twice(service: Service) -> None:
    """A message of a request id counts as it did first, from wherever it is counted; one without is imported again."""
    parent, ids = (await make_user(service)).name, [str(uuid4()) for _ in range(2)]
    first = message(parent, row(), row(title=""), row(line=70, title=""), request_id=ids[0])
    second = message(parent, row(), row(title=""), request_id=ids[1])
    with_count = ImportTasksRequest(parent=parent, count=5)
    await refused(load(service, first), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    response = await load(service, first, second, with_count)
    assert (response.created, response.replayed) == (2, 1)
    assert [line for line, *_ in failed(response)] == [2, 70, 5]
    async with unchanged(service.database_url):
        again = await load(service, second, first, with_count)
    assert (again.created, again.replayed, [line for line, *_ in failed(again)]) == (2, 2, [2, 4, 70])
    other = message(parent, row(title="Another"), request_id=ids[0])
    async with unchanged(service.database_url):
        await refused(load(service, other), Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    await imported(service, parent, [row()], [row()])
    assert await count(service, parent) == 4


async def test_a_rehearsal_counts_and_writes_nothing(service: Service) -> None:
    parent, request_id = (await make_user(service)).name, str(uuid4())
    rows = message(parent, row(tags=["new"]), row(title=""), request_id=request_id, validate_only=True)
    async with unchanged(service.database_url):
        response = await load(service, rows, ImportTasksRequest(parent=parent, count=2))
    assert (response.created, failed(response)) == (1, [(2, "INVALID_FIELD", "task.title")])


def _streams(parent: str) -> Iterable[tuple[list[ImportTasksRequest], str, str]]:
    """Streams that break a rule after 2 tasks are imported; the field at fault, and what is said of it."""
    two, counted = message(parent, row(), row()), ImportTasksRequest(parent=parent, count=2)
    yield [two], "count", "must come in a last message"
    yield [two, ImportTasksRequest(parent=parent, count=3)], "count", "must be 2, as many rows came, not 3"
    yield [two, ImportTasksRequest(parent=parent, count=-1)], "count", "must be 2, as many rows came, not -1"
    yield [two, ImportTasksRequest(parent=parent)], "tasks", "must have 1 to 500 items, not 0"
    yield [two, message(parent, *[row()] * 501)], "tasks", "must have 1 to 500 items, not 501"
    yield [two, message(parent, row(), count=3)], "tasks", "must be empty in the message that has the count"
    yield [two, counted, message(parent, row())], "count", "must be in the last message"
    yield [two, counted, counted], "count", "must be in the last message"
    yield [two, message(NO_USER, row())], "parent", "must be the same in every message"
    yield [two, message("users/me/x", row())], "parent", "must have the form"
    yield [two, message(parent, row(), request_id="X")], "request_id", "must be a UUID"


@pytest.mark.parametrize("number", range(11))
async def test_a_stream_that_breaks_a_rule_is_refused_and_says_what_is_imported(service: Service, number: int) -> None:
    parent = (await make_user(service)).name
    messages, field, rule = list(_streams(parent))[number]
    refusal = await refused(load(service, *messages), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == [field]
    assert refusal.message.startswith(f"{field} {rule}")
    if "must have the form" not in rule and "UUID" not in rule:
        assert "2 tasks are imported already, 0 rows were refused" in refusal.message
    assert await count(service, parent) == 2


async def test_an_empty_stream_is_no_import(service: Service) -> None:
    await refused(load(service), Code.INVALID_ARGUMENT, "INVALID_FIELD")


@pytest.mark.parametrize(
    "rows", [[row()], [row(title="")], [row(tags=["x"])], [row(parent_task=f"{NO_USER}/{NO_TASK}")]]
)
async def test_an_owner_who_is_not_there_gets_nothing(service: Service, rows: Rows) -> None:
    gone = (await deleted_user(service)).name
    async with unchanged(service.database_url):
        await refused(imported(service, NO_USER, rows), Code.NOT_FOUND, "PARENT_NOT_FOUND")
        await refused(imported(service, gone, rows), Code.FAILED_PRECONDITION, "OWNER_DELETED")


async def test_a_user_imports_into_their_own_account_alone(service: Service) -> None:
    mine = await service.called_by("USER")
    response = await mine.tasks.ImportTasks(
        iter([message("users/me", row()), ImportTasksRequest(parent="users/me", count=1)])
    )
    assert response.created == 1
    other = (await make_user(service)).name
    messages = iter([message("users/me", row()), message(other, row())])
    await refused(mine.tasks.ImportTasks(messages), Code.PERMISSION_DENIED, "PERMISSION_DENIED")
