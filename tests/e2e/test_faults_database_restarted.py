"""PostgreSQL restarts under load: calls are told so within their deadline, and afterwards all goes on by itself."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import OK, Client, Ended, client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.postgres import OwnPostgres, own_postgres
from tests.e2e.faults.until import until
from tests.e2e.service_process import KEY, serving

LATE = 0.25  # seconds after its deadline within which a call must have ended
LIMIT = 2.0  # the deadline of each call
ALLOWED = {OK, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


@dataclass
class Restarted:
    """A service in its own process, a client, and the database that restarts."""

    postgres: OwnPostgres
    client: Client
    user: str
    outcomes: list[Ended] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    asked: dict[str, str] = field(default_factory=dict)

    async def call(self, number: int) -> Ended:
        """A read, a write, or a write with a request id, in turn."""
        if number % 3 == 0:
            return await ended(self.client.list(self.user, timeout=LIMIT))
        title, request_id = new_id(), new_id() if number % 3 == 1 else ""
        self.asked[title] = request_id
        outcome = await ended(self.client.create(self.user, title, request_id, timeout=LIMIT))
        if outcome.code is OK:
            self.acknowledged.append(title)
        return outcome

    async def serves(self) -> bool:
        outcomes = await asyncio.gather(*(self.call(number) for number in range(3)))
        return {outcome.code for outcome in outcomes} == {OK}

    async def call_on(self, number: int, ending: asyncio.Event) -> None:
        seeded = random.Random(number)
        while not ending.is_set():
            self.outcomes.append(await self.call(seeded.randrange(3)))


@pytest.fixture
async def restarted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Restarted]:
    """The service on a database that the test restarts."""
    directory: Path = tmp_path_factory.mktemp("restarted")
    async with own_postgres(directory, durable=True) as postgres:
        token = await administrator(postgres.url)
        settings = {"DATABASE_URL": postgres.url, "SECRET_KEY": KEY, "PURGE": "off"}
        async with serving(settings) as service, client(service.address, token=token) as caller:
            yield Restarted(postgres, caller, await caller.user())


async def _restart_under_load(restarted: Restarted, end: signal.Signals) -> float:
    """Seconds from the restarted server to the next answers, with 10 callers at work throughout."""
    ending = asyncio.Event()
    callers = [asyncio.create_task(restarted.call_on(number, ending)) for number in range(10)]
    await until(lambda: len(restarted.acknowledged) > 20, 10)
    await restarted.postgres.restart(end)
    recovery = await until(restarted.serves, 10)
    ending.set()
    await asyncio.gather(*callers)
    return recovery


async def _check_writes(restarted: Restarted) -> None:
    """None that was acknowledged is lost; each with a request id is there once after it was repeated."""
    for title, request_id in restarted.asked.items():
        if request_id and title not in restarted.acknowledged:
            assert (await ended(restarted.client.create(restarted.user, title, request_id))).code is OK
    titles = await restarted.client.titles(restarted.user)
    assert len(set(titles)) == len(titles)
    assert set(restarted.acknowledged) <= set(titles)
    assert {title for title, request_id in restarted.asked.items() if request_id} <= set(titles)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_a_restart_of_the_database_costs_no_write_and_is_survived(
    restarted: Restarted, end: signal.Signals
) -> None:
    recovery = await _restart_under_load(restarted, end)
    assert {outcome.code for outcome in restarted.outcomes} <= ALLOWED
    assert max(outcome.seconds for outcome in restarted.outcomes) < LIMIT + LATE * 4
    assert recovery < 1 * 4
    await _check_writes(restarted)


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
async def test_ten_restarts_cost_no_write_and_service_is_back_within_a_second(
    capsys: pytest.CaptureFixture[str], restarted: Restarted, end: signal.Signals
) -> None:
    recoveries = [await _restart_under_load(restarted, end) for _ in range(10)]
    latest = max(outcome.seconds for outcome in restarted.outcomes)
    report(capsys, f"{len(restarted.outcomes)} calls, slowest {latest:.3f} s; slowest recovery {max(recoveries):.3f} s")
    assert {outcome.code for outcome in restarted.outcomes} <= ALLOWED
    assert latest <= LIMIT + LATE
    assert max(recoveries) <= 1
    await _check_writes(restarted)


async def test_calls_while_the_database_is_down_are_refused_with_a_time_to_come_back(restarted: Restarted) -> None:
    restarted.postgres.server.stop()
    try:
        outcomes = [await restarted.call(number) for number in range(6)]
    finally:
        restarted.postgres.start()
    assert {outcome.code for outcome in outcomes} == {grpc.StatusCode.UNAVAILABLE}
    assert {outcome.reason for outcome in outcomes} == {"DATABASE_UNAVAILABLE"}
    assert all(outcome.retry_delay for outcome in outcomes)
    assert await until(restarted.serves, 10) < 1 * 4
