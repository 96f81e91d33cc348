"""SIGTERM to a server alone: what was received is answered, what comes later is refused, and it ends."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2

from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import OK, Client, client, ended
from tests.e2e.faults.rows import hold_row, waiting_for_locks
from tests.e2e.faults.until import until
from tests.e2e.service_process import KEY, ServiceProcess, serving


@pytest.fixture
def settings(database_url: str) -> Mapping[str, str]:
    return {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off"}


@pytest.fixture
async def token(database_url: str) -> str:
    return await administrator(database_url)


@pytest.fixture
async def alone(settings: Mapping[str, str]) -> AsyncIterator[ServiceProcess]:
    async with serving(settings) as service:
        yield service


async def test_every_call_received_before_sigterm_is_answered(settings: Mapping[str, str], token: str) -> None:
    """The calls wait for a row that another transaction holds, until the server listens no more."""
    async with serving({**settings, "DRAIN_DELAY": "0.1"}) as service, client(service.address, token=token) as caller:
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
    outcome = await ended(caller.list("users/me", timeout=5))
    return (outcome.code, outcome.reason, bool(outcome.retry_delay)) == (grpc.StatusCode.UNAVAILABLE, "DRAINING", True)


async def test_a_call_after_sigterm_is_refused_and_health_says_so(settings: Mapping[str, str], token: str) -> None:
    """Health turns first, so that balancers turn away; calls are refused for the last moment of the delay."""
    async with serving({**settings, "DRAIN_DELAY": "1.5"}) as service, client(service.address, token=token) as caller:
        health = caller.health
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        service.signal(signal.SIGTERM)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert not watch.done()
        check = await health.Check(health_pb2.HealthCheckRequest())
        assert check.status == health_pb2.HealthCheckResponse.NOT_SERVING
        alive = await health.Check(health_pb2.HealthCheckRequest(service="liveness"))
        assert alive.status == health_pb2.HealthCheckResponse.SERVING
        await until(lambda: _drains(caller), 6)
        with pytest.raises(grpc.aio.AioRpcError) as end:
            await watch.read()
        assert end.value.code() is grpc.StatusCode.UNAVAILABLE
        assert await service.ended() == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
async def test_a_server_without_calls_ends_with_0(alone: ServiceProcess, first: signal.Signals) -> None:
    alone.signal(first)
    assert await alone.ended(5) == 0


async def test_the_second_signal_ends_at_once_with_1(alone: ServiceProcess, database_url: str, token: str) -> None:
    """Though a call waits that the first signal alone would wait for."""
    async with client(alone.address, token=token) as caller:
        user = await caller.user()
        task = (await caller.create(user)).name
        async with hold_row(database_url, [task]) as held:
            waiting = asyncio.create_task(ended(caller.retitle(task, "Never")))
            await until(lambda: waiting_for_locks(held, 1), 5)
            alone.signal(signal.SIGTERM)
            await until(lambda: _drains(caller), 5)
            alone.signal(signal.SIGTERM)
            assert await alone.ended(1.0 * 4) == 1
        assert (await waiting).code is not OK


async def test_a_unit_whose_caller_left_is_finished_before_the_end(settings: Mapping[str, str], token: str) -> None:
    """The caller hangs up, SIGTERM comes, the server listens no more, the row becomes free: the write is committed."""
    url = settings["DATABASE_URL"]
    async with serving({**settings, "DRAIN_DELAY": "0.1"}) as service, client(service.address, token=token) as caller:
        user = await caller.user()
        task = (await caller.create(user)).name
        async with hold_row(url, [task]) as held:
            left = caller.retitle(task, "Written all the same")
            await until(lambda: waiting_for_locks(held, 1), 5)
            left.cancel()
            service.signal(signal.SIGTERM)
            await until(lambda: _listens_no_more(service.address), 5)
            with pytest.raises(TimeoutError):
                await service.ended(0.3)
        assert await service.ended() == 0
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SELECT title FROM tasks") == "Written all the same"
    finally:
        await connection.close()
