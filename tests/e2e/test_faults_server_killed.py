"""kill -9 of the server: no write happens twice, none that was acknowledged is lost, and no PostgreSQL stays behind."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import grpc
import pytest

from persistence.embedded import attach
from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import OK, Ended, client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.ports import free_address
from tests.e2e.faults.processes import family
from tests.e2e.faults.until import until
from tests.e2e.faults.wire import AtCommit, wire
from tests.e2e.service_process import KEY, serving
from tests.persistence.embedded_watch import living

QUICKLY = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)]


async def _kill_after_commit(database_url: str, config: str, request_id: str) -> tuple[Ended, list[str]]:
    """How a create ended, and which tasks there are, when its server was killed after COMMIT and before the answer.

    The database commits and its answer is held back: then the server is killed, and another takes its port.
    """
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(wire(database_url))
        address = stack.enter_context(free_address())
        settings = {"DATABASE_URL": proxy.url, "SECRET_KEY": KEY, "PURGE": "off", "REUSE_PORT": "1", "LISTEN": address}
        token = await administrator(database_url)
        caller = await stack.enter_async_context(client(address, config, QUICKLY, token=token))
        async with serving(settings) as killed:
            user = await caller.user()
            proxy.arm(AtCommit.HOLD)
            call = asyncio.create_task(ended(caller.create(user, "Once", request_id, wait_for_ready=True, timeout=20)))
            async with asyncio.timeout(10):
                await proxy.committed.wait()
            killed.signal(signal.SIGKILL)
            await killed.ended()
        await stack.enter_async_context(serving(settings))
        outcome = await call
        return outcome, list(await caller.titles(user, wait_for_ready=True))


async def test_with_the_config_for_reads_a_killed_server_makes_no_write_happen_twice(database_url: str) -> None:
    outcome, titles = await _kill_after_commit(database_url, "retry_reads", "")
    assert outcome.code is grpc.StatusCode.UNAVAILABLE
    assert titles == ["Once"]


async def test_with_the_config_for_all_and_a_request_id_the_write_happens_once_and_is_answered(
    database_url: str,
) -> None:
    outcome, titles = await _kill_after_commit(database_url, "retry_all", new_id())
    assert outcome.code is OK
    assert outcome.answer.title == "Once"
    assert titles == ["Once"]


async def test_without_a_request_id_the_config_for_all_makes_the_write_happen_twice(database_url: str) -> None:
    """Why the README asks for a request id with every mutation: the control of the test above."""
    outcome, titles = await _kill_after_commit(database_url, "retry_all", "")
    assert outcome.code is OK
    assert titles == ["Once", "Once"]


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("config", ["retry_reads", "retry_all"])
async def test_ten_kills_after_a_commit(database_url: str, config: str) -> None:
    for _ in range(10):
        _, titles = await _kill_after_commit(database_url, config, new_id() if config == "retry_all" else "")
        assert titles == ["Once"]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
async def test_a_server_that_ends_leaves_no_postgres_behind(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, end: signal.Signals
) -> None:
    data = tmp_path / "data"
    async with serving({"DATA_DIR": str(data), "SECRET_KEY": KEY, "PURGE": "off"}) as service:
        processes = family(service.pid) - {service.pid}
        assert len(processes) > 3
        url = attach(data)
        assert url is not None
        async with client(service.address, token=await administrator(url)) as caller:
            await caller.user()
        service.signal(end)
        code = await service.ended()
        took = await until(lambda: not living(processes), 2)
    report(capsys, f"{end.name}: exit code {code}, no postgres after {took:.3f} s")
    assert code == (0 if end is not signal.SIGKILL else -signal.SIGKILL)
