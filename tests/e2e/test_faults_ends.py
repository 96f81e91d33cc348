"""What must not hold a server's end up: a database that is silent, and streams that only wait."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from service.lifecycle import GRACE
from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import OK, Client, client, ended
from tests.e2e.faults.postgres import own_postgres
from tests.e2e.faults.until import until
from tests.e2e.faults.wire import wire
from tests.e2e.service_process import KEY, serving

WRITES = 6
AT_ONCE = 1.5  # seconds from the second signal to the end
IDLE = 4.0  # seconds that a drain may take that nobody has to be waited for


@pytest.fixture
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ends")


async def test_the_second_signal_ends_a_server_whose_database_is_silent_under_its_writes(directory: Path) -> None:
    async with own_postgres(directory) as postgres, wire(postgres.url) as proxy:
        token = await administrator(postgres.url)
        settings = {"DATABASE_URL": proxy.url, "SECRET_KEY": KEY, "PURGE": "off"}
        async with serving(settings) as service, client(service.address, token=token) as caller:
            user = await caller.user()
            await asyncio.gather(*(caller.create(user) for _ in range(WRITES)))
            before = proxy.round_trips
            postgres.freeze()
            writes = [asyncio.create_task(ended(caller.create(user))) for _ in range(WRITES)]
            await until(lambda: proxy.round_trips > before, 1)  # they wait for what BEGIN answers
            service.signal(signal.SIGTERM)
            await until(lambda: _drains(caller), 5)
            service.signal(signal.SIGTERM)
            assert await service.ended(AT_ONCE * 4) == 1
            assert OK not in {outcome.code for outcome in await asyncio.gather(*writes)}


async def _drains(caller: Client) -> bool:
    return (await ended(caller.list("users/me", timeout=5))).reason == "DRAINING"


async def test_a_reflection_stream_that_only_waits_does_not_delay_the_end(database_url: str) -> None:
    """grpcurl and its like keep one open; it would be waited for as long as for a call."""
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off"}
    async with serving(settings) as service, client(service.address) as caller:
        stub: Any = ServerReflectionStub(caller.channel)  # type: ignore[arg-type]  # it takes channels of both kinds
        stream = stub.ServerReflectionInfo()
        await stream.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        assert (await stream.read()).list_services_response.service
        service.signal(signal.SIGTERM)
        assert IDLE < GRACE
        assert await service.ended(IDLE) == 0
        assert stream.done()
