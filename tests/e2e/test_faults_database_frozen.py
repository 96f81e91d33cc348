"""PostgreSQL stops in the middle (SIGSTOP): no call waits past its deadline, and afterwards all goes on by itself."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import OK, Client, Ended, client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.postgres import OwnPostgres, own_postgres
from tests.e2e.faults.until import until
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.service_process import KEY, serving

LATE = 0.25  # seconds after its deadline within which a call must have ended
ALLOWED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
POOL = 10


@dataclass
class Frozen:
    """A service in its own process, a client, and the database it can lose."""

    postgres: OwnPostgres
    proxy: Wire
    client: Client
    user: str
    task: str

    def call(self, number: int, deadline: float) -> Any:
        """A read, a write, or a write with a request id, in turn."""
        if number % 3 == 0:
            return self.client.get(self.task, timeout=deadline)
        return self.client.create(self.user, request_id=new_id() if number % 3 == 1 else "", timeout=deadline)

    async def healthy(self) -> bool:
        check = self.client.health.Check(health_pb2.HealthCheckRequest())
        return bool((await check).status == health_pb2.HealthCheckResponse.SERVING)


@pytest.fixture
async def frozen(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Frozen]:
    """The service with a warm pool; the test freezes its database."""
    directory: Path = tmp_path_factory.mktemp("frozen")
    async with own_postgres(directory) as postgres, wire(postgres.url) as proxy:
        token = await administrator(postgres.url)
        settings = {"DATABASE_URL": proxy.url, "SECRET_KEY": KEY, "PURGE": "off"}
        async with serving(settings) as service, client(service.address, token=token) as caller:
            user = await caller.user()
            task = (await caller.create(user)).name
            await asyncio.gather(*(caller.get(task) for _ in range(40)))
            yield Frozen(postgres, proxy, caller, user, task)


async def _freeze_and_call(frozen: Frozen, calls: int, deadlines: tuple[float, float]) -> list[tuple[float, Ended]]:
    """Every call with its deadline and how it ended, begun at moments over the time that the freeze lasts."""
    seeded = random.Random(5)
    limits = [seeded.uniform(*deadlines) for _ in range(calls)]
    frozen.postgres.freeze()
    outcomes = await asyncio.gather(*(ended(frozen.call(n, limit)) for n, limit in enumerate(limits)))
    return list(zip(limits, outcomes, strict=True))


async def _recovery(frozen: Frozen) -> float:
    """Seconds from SIGCONT to a read and a write that are answered; nothing else is done for it."""

    async def serves() -> bool:
        read, write = await asyncio.gather(ended(frozen.call(0, 1)), ended(frozen.call(1, 1)))
        return read.code is OK and write.code is OK

    frozen.postgres.thaw()
    return await until(serves, 10)


def _latest(outcomes: list[tuple[float, Ended]]) -> float:
    return max(outcome.seconds - limit for limit, outcome in outcomes)


@pytest.mark.parametrize("calls", [6, 60], ids=["fewer than connections", "more than connections"])
async def test_calls_on_a_frozen_database_end_by_their_deadline_and_it_recovers(frozen: Frozen, calls: int) -> None:
    outcomes = await _freeze_and_call(frozen, calls, (0.5, 3))
    assert {outcome.code for _, outcome in outcomes} <= ALLOWED
    assert _latest(outcomes) < LATE * 4
    assert not await frozen.healthy()
    assert await _recovery(frozen) < 1 * 4
    await until(frozen.healthy, 1 * 4)
    assert frozen.proxy.opened_for_calls <= 2 * POOL


async def test_while_the_database_is_silent_no_connection_is_opened(frozen: Frozen) -> None:
    """The attempts would wait in its line, and come all at once when it wakes up."""
    async with frozen.postgres.connection() as admin:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'taxiway'")
    assert (await ended(frozen.call(0, 1))).code is OK
    frozen.postgres.freeze()
    await until(lambda: _not(frozen.healthy()), 4)
    before = frozen.proxy.opened_for_calls
    outcomes = await asyncio.gather(*(ended(frozen.call(number, 1)) for number in range(40)))
    assert {outcome.code for outcome in outcomes} <= ALLOWED
    assert frozen.proxy.opened_for_calls == before
    assert await _recovery(frozen) < 1 * 4


async def _not(condition: Awaitable[bool]) -> bool:
    return not await condition


@pytest.mark.prove
@pytest.mark.timeout(180)
async def test_a_long_freeze_under_load_ends_every_call_in_time_and_recovers_within_a_second(
    capsys: pytest.CaptureFixture[str], frozen: Frozen
) -> None:
    """20 callers for 30 seconds: longer than statements may take, so that every connection is given up meanwhile."""
    outcomes: list[tuple[float, Ended]] = []
    ending = asyncio.Event()
    frozen.postgres.freeze()
    callers = [asyncio.create_task(_call_on(frozen, number, ending, outcomes)) for number in range(20)]
    await asyncio.wait(callers, timeout=30)
    ending.set()
    await asyncio.gather(*callers)
    recovery = await _recovery(frozen)
    opened, all_opened = frozen.proxy.opened_for_calls, frozen.proxy.opened
    health = await until(frozen.healthy, 4)
    worst = _latest(outcomes)
    report(capsys, f"{len(outcomes)} calls, the latest {worst:+.3f} s after its deadline; {opened} connections")
    report(
        capsys,
        f"{all_opened} with those of pings; recovery {recovery:.3f} s, health {recovery + health:.3f} s after SIGCONT",
    )
    assert {outcome.code for _, outcome in outcomes} <= ALLOWED
    assert _latest(outcomes) <= LATE
    assert recovery <= 1
    assert opened <= 2 * POOL
    assert all_opened <= 6 * POOL


async def _call_on(frozen: Frozen, number: int, ending: asyncio.Event, outcomes: list[tuple[float, Ended]]) -> None:
    seeded = random.Random(number)
    while not ending.is_set():
        limit = seeded.uniform(0.5, 3)
        outcomes.append((limit, await ended(frozen.call(seeded.randrange(3), limit))))
