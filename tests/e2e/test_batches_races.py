"""Batches over the same tasks at once: each is done as a whole, one after the other, and no caller sees a deadlock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import grpc
import pytest

from taxiway.v1.task_service_pb2 import DeleteTaskRequest
from tests.e2e.batching import batch_create, batch_delete, batch_get, batch_update, draft, patch, tasks_of
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.calls import OK, Ended, ended
from tests.e2e.faults.until import until
from tests.e2e.making import make_user

Outcome = tuple[grpc.StatusCode, str]
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def together(calls: Sequence[Awaitable[Any]]) -> tuple[list[Ended], set[Outcome]]:
    outcomes = await asyncio.gather(*map(ended, calls))
    return outcomes, {(outcome.code, outcome.reason) for outcome in outcomes}


async def test_updates_in_opposite_orders_are_all_done(service: Service, owner: str) -> None:
    """Rows are locked in one order, whatever that of the requests: nobody has to be run again."""
    names = [task.name for task in await batch_create(service, owner, [draft() for _ in range(50)])]
    before = service.lifecycle.db.counts.retries
    for number in range(4):
        first, second = [[patch(name, title=f"{number} {writer}") for name in names] for writer in "ab"]
        _, codes = await together([batch_update(service, owner, first), batch_update(service, owner, second[::-1])])
        assert codes == {(OK, "")}
        after = await batch_get(service, owner, names)
        assert {task.version for task in after} == {3 + 2 * number}
        assert len({task.title for task in after}) == 1, "each batch was done as a whole"
    assert service.lifecycle.db.counts.retries == before


async def test_updates_with_one_etag_are_done_once(service: Service, owner: str) -> None:
    made = await batch_create(service, owner, [draft() for _ in range(50)])
    requests = [
        [patch(task.name, title=f"Writer {writer}", etag=task.etag) for task in made[:: 1 - writer % 2 * 2]]
        for writer in range(4)
    ]
    outcomes, codes = await together([batch_update(service, owner, items) for items in requests])
    assert codes == {(OK, ""), (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")}
    assert sum(outcome.code is OK for outcome in outcomes) == 1


async def test_the_same_new_tasks_are_made_by_one_of_two_callers(service: Service, owner: str) -> None:
    """Also these are written in one order: the second waits for the first, and not each for the other."""
    before = service.lifecycle.db.counts.retries
    for number in range(1, 6):
        requests = [draft(str(uuid4())) for _ in range(100)]
        _, codes = await together([batch_create(service, owner, items) for items in (requests, requests[::-1])])
        assert codes == {(OK, ""), (grpc.StatusCode.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")}
        assert len(await tasks_of(service, owner)) == 100 * number
    assert service.lifecycle.db.counts.retries == before


async def test_upserts_of_the_same_new_tasks_are_all_done(service: Service, owner: str) -> None:
    """Who finds them made meanwhile runs again, and changes them."""
    names = [f"{owner}/tasks/{uuid4()}" for _ in range(30)]
    requests = [patch(name, allow_missing=True, title="Mine") for name in names]
    _, codes = await together(
        [batch_update(service, owner, requests if writer % 2 else requests[::-1]) for writer in range(3)]
    )
    assert codes == {(OK, "")}
    assert {task.version for task in await batch_get(service, owner, names)} == {1}


async def test_updates_beside_deletions_of_whole_trees_end_in_one_order(service: Service, owner: str) -> None:
    """The subtasks are not named by the deletion, and locked in one order with what is."""
    for _ in range(4):
        ids = sorted(str(uuid4()) for _ in range(41))
        top = f"{owner}/tasks/{ids[20]}"
        below = [draft(task_id, parent_task=top) for task_id in ids if task_id != ids[20]]
        names = [task.name for task in await batch_create(service, owner, [draft(ids[20]), *below])]
        deletion = batch_delete(service, owner, [DeleteTaskRequest(name=top, force=True)])
        updates = [batch_update(service, owner, [patch(name, title="Mine") for name in names]) for _ in range(2)]
        outcomes, codes = await together([*updates, deletion])
        assert codes <= {(OK, ""), (grpc.StatusCode.FAILED_PRECONDITION, "RESOURCE_DELETED")}
        assert outcomes[-1].code is OK
    assert await tasks_of(service, owner) == []


async def test_a_ring_that_two_batches_would_close_is_a_cycle_for_one(service: Service, owner: str) -> None:
    for _ in range(5):
        first, second = [task.name for task in await batch_create(service, owner, [draft(), draft()])]
        outcomes, codes = await together(
            [
                batch_update(service, owner, [patch(first, parent_task=second)]),
                batch_update(service, owner, [patch(second, parent_task=first)]),
            ]
        )
        assert codes == {(OK, ""), (grpc.StatusCode.FAILED_PRECONDITION, "CYCLE")}
        assert sum(outcome.code is OK for outcome in outcomes) == 1


@asynccontextmanager
async def somebody_else(url: str) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(url)
    try:
        yield opened
    finally:
        await opened.close()


async def waiting(url: str) -> None:
    """Until somebody waits for a lock. On a connection of its own: within a transaction nobody sees others come."""
    async with somebody_else(url) as watcher:
        await until(lambda: watcher.fetchval(WAITING), 5)


@pytest.mark.parametrize("kind", ["update", "delete"])
async def test_rows_are_locked_in_order_of_id_whatever_the_order_of_the_requests(
    service: Service, owner: str, kind: str
) -> None:
    """While the first is held by somebody else, a batch that names it last has none of the others."""
    made = await batch_create(service, owner, [draft(str(uuid4())) for _ in range(20)])
    names = sorted((task.name for task in made), reverse=True)
    async with somebody_else(service.database_url) as other, other.transaction():
        own = UUID(owner.removeprefix("users/"))
        lock = "SELECT id FROM tasks WHERE owner_id = $1 AND id = ANY($2) FOR NO KEY UPDATE SKIP LOCKED"
        ids = [UUID(name.rpartition("/")[2]) for name in names]
        assert len(await other.fetch(lock, own, ids[-1:])) == 1
        if kind == "update":
            call = asyncio.ensure_future(batch_update(service, owner, [patch(name, title="Mine") for name in names]))
        else:
            deletions = [DeleteTaskRequest(name=name, force=True) for name in names]
            call = asyncio.ensure_future(batch_delete(service, owner, deletions))
        await waiting(service.database_url)
        assert len(await other.fetch(lock, own, ids)) == 20
    assert [task.name for task in await call] == names


async def test_a_batch_that_a_deadlock_ends_is_run_again(database_url: str) -> None:
    """Somebody else, of no order and more patient, has the last task and asks for the first, which the batch has."""
    async with somebody_else(database_url) as other:
        name = await other.fetchval("SELECT current_database()")
        await other.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '400ms'; SET deadlock_timeout = '30s'")
        async with in_process(database_url) as service:
            owner = (await make_user(service)).name
            made = await batch_create(service, owner, [draft(str(uuid4())) for _ in range(20)])
            first, *_, last = sorted(task.name.rpartition("/")[2] for task in made)
            retitled = "UPDATE tasks SET title = 'Theirs' WHERE id = $1"
            async with other.transaction():
                await other.execute(retitled, last)
                requests = [patch(task.name, tags=["a"]) for task in made]
                call = asyncio.ensure_future(batch_update(service, owner, requests))
                await waiting(database_url)
                await other.execute(retitled, first)
            assert {tuple(task.tags) for task in await call} == {("a",)}
            assert service.lifecycle.db.counts.retries == 1
            assert [task.title for task in await tasks_of(service, owner)].count("Theirs") == 2
