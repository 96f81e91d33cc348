"""What goes wrong inside stays inside: no text of the database, of a setting or of a bug reaches the wire."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from service.tasks import usecases
from taxiway.v1.task_service_pb2 import GetTaskRequest
from tests.e2e.accounts import administrator
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import Client, client
from tests.e2e.faults.postgres import OwnPostgres, own_postgres
from tests.e2e.faults.until import until
from tests.e2e.making import make_task
from tests.e2e.refusals import read
from tests.e2e.rows import run
from tests.e2e.service_process import KEY, serving
from tests.persistence.embedded_watch import open_ground

Code = grpc.StatusCode
CANARY = "canary-7f3a"
RAISE = """
    CREATE FUNCTION sing() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{canary}' USING ERRCODE = '{state}', DETAIL = '{canary}', CONSTRAINT = '{canary}'; END $$
"""
STATES = ("P0001", "23505", "23514", "22003", "40001", "42501", "53100", "55P03", "57014", "XX000")


def texts(error: grpc.aio.AioRpcError) -> Iterator[bytes]:
    """All that a client sees of a failed call."""
    yield (error.details() or "").encode()
    yield (error.debug_error_string() or "").encode()
    for metadata in (error.initial_metadata() or (), error.trailing_metadata() or ()):
        for key, value in metadata:
            yield key.encode()
            yield value.encode() if isinstance(value, str) else value


def hears_nothing(error: grpc.aio.AioRpcError) -> None:
    assert not [text for text in texts(error) if CANARY.encode() in text]
    assert error.code() is not Code.UNKNOWN
    read(error)


@pytest.mark.parametrize("state", STATES)
async def test_the_text_of_a_database_error_never_reaches_the_wire(service: Service, state: str) -> None:
    trigger = "CREATE TRIGGER sing BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION sing()"
    await run(service.database_url, RAISE.format(canary=CANARY, state=state), trigger)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await make_task(service, "users/me")
    hears_nothing(caught.value)


async def test_the_text_of_a_bug_never_reaches_the_wire(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise KeyError(CANARY)

    monkeypatch.setattr(usecases, "get_task", broken)
    task = await make_task(service, "users/me")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await service.tasks.GetTask(GetTaskRequest(name=task.name))
    hears_nothing(caught.value)
    assert caught.value.code() is Code.INTERNAL
    assert read(caught.value).reason == "INTERNAL_ERROR"


@asynccontextmanager
async def canary_url(postgres: OwnPostgres, directory: Path) -> AsyncIterator[str]:
    """An address of the database with the canary in each of its parts: account, password, host and name."""
    host = directory / f"{CANARY}-host"
    host.symlink_to(parse_qs(urlsplit(postgres.url).query)["host"][0])
    async with postgres.connection() as admin:
        await admin.execute(f"CREATE ROLE \"{CANARY}-user\" SUPERUSER LOGIN PASSWORD '{CANARY}-password'")
        await admin.execute(f'CREATE DATABASE "{CANARY}-name" TEMPLATE taxiway')
    yield f"postgresql://{CANARY}-user:{CANARY}-password@/{CANARY}-name?host={host}&port=5432"


async def test_the_database_address_never_reaches_the_wire(tmp_path: Path) -> None:
    """A service whose database is gone goes on answering, and tells nobody where it looked.

    First its connections are lost, then none can be made, then it knows that the database is silent.
    """
    with open_ground() as ground:
        async with own_postgres(tmp_path) as postgres, canary_url(postgres, ground) as url:
            settings, token = {"DATABASE_URL": url, "SECRET_KEY": KEY, "PURGE": "off"}, await administrator(url)
            async with serving(settings) as service, client(service.address, token=token) as caller:
                await caller.create("users/me")
                postgres.server.stop()
                heard = await _refusals(caller, 6)
                await until(lambda: _silent(caller), 10)
                heard += await _refusals(caller, 6)
    for error in heard:
        hears_nothing(error)
        assert error.code() is Code.UNAVAILABLE


async def _refusals(caller: Client, calls: int) -> list[grpc.aio.AioRpcError]:
    """Of as many reads and writes in turn, each of which fails."""
    found = []
    for number in range(calls):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await (caller.create("users/me") if number % 2 else caller.list("users/me"))
        found.append(caught.value)
    return found


async def _silent(caller: Client) -> bool:
    check = await caller.health.Check(HealthCheckRequest())
    return bool(check.status == HealthCheckResponse.NOT_SERVING)
