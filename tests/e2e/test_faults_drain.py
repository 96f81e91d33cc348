"""SIGTERM: what was received is answered, what comes later goes elsewhere, and nobody's call is lost."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2

from tests.e2e.faults.calls import OK, Client, Ended, client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.ports import free_address
from tests.e2e.faults.rows import hold_row, waiting_for_locks
from tests.e2e.faults.until import until
from tests.e2e.service_process import KEY, ServiceProcess, serving

CALLERS = 20


@pytest.fixture
def settings(database_url: str) -> Mapping[str, str]:
    return {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off"}


@pytest.fixture
async def alone(settings: Mapping[str, str]) -> AsyncIterator[ServiceProcess]:
    async with serving(settings) as service:
        yield service


async def _call_until(ending: asyncio.Event, caller: Client, user: str, outcomes: list[Ended]) -> None:
    while not ending.is_set():
        outcomes.append(await ended(caller.create(user, new_id(), new_id(), timeout=10)))
        outcomes.append(await ended(caller.list(user, timeout=10)))


async def _drain_one_of_two(settings: Mapping[str, str], *, all_on_one: bool) -> list[Ended]:
    """How the calls of 20 callers ended, each on a connection of its own, while one of two servers went.

    `all_on_one` connects all of them to the server that leaves, which is the worst case; else the kernel decides.
    """
    outcomes: list[Ended] = []
    async with AsyncExitStack() as stack:
        address = stack.enter_context(free_address())
        shared = {**settings, "REUSE_PORT": "1", "LISTEN": address}
        leaving = await stack.enter_async_context(serving(shared))
        if not all_on_one:
            await stack.enter_async_context(serving(shared))
        callers = [await stack.enter_async_context(client(address, "retry_all")) for _ in range(CALLERS)]
        *_, user = [await caller.user() for caller in callers]
        if all_on_one:
            await stack.enter_async_context(serving(shared))
        ending = asyncio.Event()
        async with asyncio.TaskGroup() as calling:
            for caller in callers:
                calling.create_task(_call_until(ending, caller, user, outcomes))
            await _leave(leaving, outcomes)
            ending.set()
    return outcomes


async def _leave(leaving: ServiceProcess, outcomes: list[Ended]) -> None:
    """SIGTERM in the middle of the load, and the load goes on after the server's end."""
    await until(lambda: len(outcomes) > CALLERS * 4, 20)
    leaving.signal(signal.SIGTERM)
    assert await leaving.ended() == 0
    seen = len(outcomes)
    await until(lambda: len(outcomes) > seen + CALLERS * 4, 20)


def _refused(outcomes: list[Ended]) -> Counter[tuple[grpc.StatusCode, str, str]]:
    return Counter((outcome.code, outcome.reason, outcome.message) for outcome in outcomes if outcome.code is not OK)


async def test_a_server_that_leaves_under_load_costs_no_answer(settings: Mapping[str, str]) -> None:
    outcomes = await _drain_one_of_two(settings, all_on_one=True)
    assert _refused(outcomes) == Counter()


@pytest.mark.prove
@pytest.mark.timeout(400)
async def test_ten_times_a_server_leaves_under_load_and_costs_no_answer(
    capsys: pytest.CaptureFixture[str], settings: Mapping[str, str]
) -> None:
    outcomes = [
        outcome for number in range(10) for outcome in await _drain_one_of_two(settings, all_on_one=bool(number % 2))
    ]
    report(capsys, f"{len(outcomes)} calls, slowest {max(outcome.seconds for outcome in outcomes):.3f} s")
    assert _refused(outcomes) == Counter()


async def test_every_call_received_before_sigterm_is_answered(settings: Mapping[str, str]) -> None:
    """The calls wait for a row that another transaction holds, until the server listens no more."""
    async with serving({**settings, "DRAIN_DELAY": "0.1"}) as service, client(service.address) as caller:
        user = await caller.user()
        names = [(await caller.create(user)).name for _ in range(6)]
        async with hold_row(settings["DATABASE_URL"], names) as held:
            waiting = [asyncio.create_task(ended(caller.retitle(name, "After the end"))) for name in names]
            await until(lambda: waiting_for_locks(held, len(names)), 5)
            service.signal(signal.SIGTERM)
            await until(lambda: _listens_no_more(service.address), 5)
        outcomes = await asyncio.gather(*waiting)
        assert await service.ended() == 0
    assert {(outcome.code, outcome.answer and outcome.answer.title) for outcome in outcomes} == {(OK, "After the end")}


async def _listens_no_more(address: str) -> bool:
    host, _, port = address.partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return True
    writer.close()
    await writer.wait_closed()
    return False


async def _drains(caller: Client) -> bool:
    return (await ended(caller.list("users/me", timeout=5))).reason == "DRAINING"


async def test_a_call_after_sigterm_is_refused_and_health_says_so(settings: Mapping[str, str]) -> None:
    async with serving({**settings, "DRAIN_DELAY": "3"}) as service, client(service.address) as caller:
        health = caller.health
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        service.signal(signal.SIGTERM)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        refused = await ended(caller.create("users/me"))
        assert (refused.code, refused.reason) == (grpc.StatusCode.UNAVAILABLE, "DRAINING")
        assert refused.retry_delay
        assert not watch.done()
        check = await health.Check(health_pb2.HealthCheckRequest())
        assert check.status == health_pb2.HealthCheckResponse.NOT_SERVING
        alive = await health.Check(health_pb2.HealthCheckRequest(service="liveness"))
        assert alive.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.aio.AioRpcError) as end:
            await watch.read()
        assert end.value.code() is grpc.StatusCode.UNAVAILABLE
        assert await service.ended() == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_without_calls_ends_with_0(alone: ServiceProcess, first: signal.Signals) -> None:
    alone.signal(first)
    assert await alone.ended(5) == 0


async def test_the_second_signal_ends_at_once_with_1(alone: ServiceProcess, database_url: str) -> None:
    """Though a call waits that the first signal alone would wait for."""
    async with client(alone.address) as caller:
        user = await caller.user()
        task = (await caller.create(user)).name
        async with hold_row(database_url, [task]) as held:
            waiting = asyncio.create_task(ended(caller.retitle(task, "Never")))
            await until(lambda: waiting_for_locks(held, 1), 5)
            alone.signal(signal.SIGTERM)
            await until(lambda: _drains(caller), 5)
            alone.signal(signal.SIGTERM)
            assert await alone.ended(0.5 * 4) == 1
        assert (await waiting).code is not OK


async def test_a_unit_whose_caller_left_is_finished_before_the_end(settings: Mapping[str, str]) -> None:
    """The caller hangs up, SIGTERM comes, the server listens no more, the row becomes free: the write is committed."""
    url = settings["DATABASE_URL"]
    async with serving({**settings, "DRAIN_DELAY": "0.1"}) as service, client(service.address) as caller:
        user = await caller.user()
        task = (await caller.create(user)).name
        async with hold_row(url, [task]) as held:
            left = caller.retitle(task, "Written all the same")
            await until(lambda: waiting_for_locks(held, 1), 5)
            left.cancel()
            service.signal(signal.SIGTERM)
            await until(lambda: _listens_no_more(service.address), 5)
        assert await service.ended() == 0
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SELECT title FROM tasks") == "Written all the same"
    finally:
        await connection.close()
