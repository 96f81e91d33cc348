"""Callers who hang up: connections survive it, and each write is there or is not, as its request id then tells."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import pytest

from tests.e2e.accounts import administrator
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, Client, client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.rows import hold_row, waiting_for_locks
from tests.e2e.faults.until import until
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.service_process import KEY, serving

NEW_CONNECTIONS = 3
ENDS = {OK, grpc.StatusCode.CANCELLED, grpc.StatusCode.DEADLINE_EXCEEDED}


@dataclass
class Abandoned:
    """A service in its own process that reaches its database through a wire that counts connections."""

    proxy: Wire
    client: Client
    user: str


@pytest.fixture
async def abandoned(database_url: str) -> AsyncIterator[Abandoned]:
    """With a full pool, so that every connection which is opened later replaces one that was lost."""
    token = await administrator(database_url)
    async with wire(database_url) as proxy:
        settings = {"DATABASE_URL": proxy.url, "SECRET_KEY": KEY, "PURGE": "off"}
        async with serving(settings) as service, client(service.address, token=token) as caller:
            user = await caller.user()
            await asyncio.gather(*(caller.create(user, "warm") for _ in range(60)))
            yield Abandoned(proxy, caller, user)


async def _abandon(abandoned: Abandoned, number: int, seeded: random.Random) -> tuple[str, str]:
    """Begins a write and leaves it after 0 to 30 ms, or gives it a deadline of 1 to 50 ms: its title and id."""
    title, request_id = f"Task {number}", new_id()
    if number % 2:
        call = abandoned.client.create(abandoned.user, title, request_id, timeout=seeded.uniform(0.001, 0.05))
    else:
        call = abandoned.client.create(abandoned.user, title, request_id)
        asyncio.get_running_loop().call_later(seeded.uniform(0, 0.03), call.cancel)
    try:
        assert (await ended(call)).code in ENDS
    except asyncio.CancelledError:  # so grpc.aio tells of a call that this side cancelled
        assert call.cancelled()
    return title, request_id


async def _abandon_many(abandoned: Abandoned, calls: int) -> tuple[int, int]:
    """How many connections were opened anew, and how many of the writes were done though nobody waited."""
    seeded = random.Random(7)
    before = abandoned.proxy.opened_for_calls
    asked: list[tuple[str, str]] = []
    for first in range(0, calls, 10):
        asked += await asyncio.gather(*(_abandon(abandoned, first + n, seeded) for n in range(10)))
    opened = abandoned.proxy.opened_for_calls - before
    done = await _repeat(abandoned, asked)
    titles = await abandoned.client.titles(abandoned.user)
    assert sorted(titles) == sorted([*(title for title, _ in asked), *["warm"] * 60])
    return opened, done


async def _repeat(abandoned: Abandoned, asked: list[tuple[str, str]]) -> int:
    """Each id tells what became of its call: the answer is stored, or the write is done now."""
    replays = 0
    for title, request_id in asked:
        call = abandoned.client.create(abandoned.user, title, request_id)
        assert (await call).title == title
        replays += ("taxiway-replayed", "true") in tuple(await call.trailing_metadata())
    return replays


async def test_cancelled_calls_cost_no_connection_and_their_request_ids_tell_the_outcome(abandoned: Abandoned) -> None:
    opened, done = await _abandon_many(abandoned, 60)
    assert opened <= NEW_CONNECTIONS
    assert 0 < done < 60


@pytest.mark.prove
async def test_300_cancelled_calls_cost_at_most_3_connections(
    capsys: pytest.CaptureFixture[str], abandoned: Abandoned
) -> None:
    opened, done = await _abandon_many(abandoned, 300)
    report(capsys, f"300 calls: {opened} new connections, {done} writes done without a waiting caller")
    assert opened <= NEW_CONNECTIONS
    assert 0 < done < 300


async def test_a_write_goes_on_when_its_caller_leaves_in_the_middle(service: Service) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    task = (await caller.create(user)).name
    async with hold_row(service.database_url, [task]) as held:
        left = caller.retitle(task, "Written all the same")
        await until(lambda: waiting_for_locks(held, 1), 5)
        left.cancel()
        await until(lambda: service.lifecycle.db.running == 1, 5)
    await until(lambda: service.lifecycle.db.running == 0, 5)
    assert (await caller.get(task)).title == "Written all the same"


async def test_a_unit_that_is_cancelled_by_nobody_answers_a_status(service: Service) -> None:
    """grpc.aio sends none for a CancelledError that leaves a handler: the caller would hang to its deadline."""
    caller = Client(service.channel)
    user = await caller.user()
    task = (await caller.create(user)).name
    async with hold_row(service.database_url, [task]) as held:
        others = set(service.lifecycle.db._units)  # such as what writes the audit log
        call = asyncio.create_task(ended(caller.retitle(task, "Never", timeout=20)))
        await until(lambda: waiting_for_locks(held, 1), 5)
        for unit in service.lifecycle.db._units - others:
            unit.cancel()
        outcome = await call
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAVAILABLE, "CALL_CANCELLED")
    assert outcome.seconds < 5
