"""What goes wrong inside stays inside: no text of the database, of a setting or of a bug reaches the wire."""

from collections.abc import Iterator

import grpc
import pytest

from persistence.url import parse
from service.tasks import usecases
from taxiway.v1.task_service_pb2 import GetTaskRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service, in_process
from tests.e2e.making import make_task
from tests.e2e.refusals import read
from tests.e2e.rows import run

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


async def test_the_database_address_never_reaches_the_wire(database_url: str, server_url: str) -> None:
    """The settings of a service whose database is gone: it goes on answering, and tells nobody where it looked."""
    joint = "&" if "?" in database_url else "?"
    name = parse(database_url).url.database
    async with in_process(f"{database_url}{joint}application_name={CANARY}") as service:
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        await run(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", end)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await service.users.GetUser(GetUserRequest(name="users/me"))
    hears_nothing(caught.value)
