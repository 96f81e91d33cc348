"""Streams that are open end with what let them in: within a second, on every server, however slow their client is."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1.auth_service_pb2 import RevokeSessionRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import DeleteUserRequest, SuspendUserRequest, UpdateUserRequest
from tests.conftest import Databases
from tests.e2e.access.forging import forge
from tests.e2e.access.pair import WITHIN, Pair, pair
from tests.e2e.access.streams import ROWS, Exporting, Importing, exporting, importing
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service
from tests.e2e.faults.until import until
from tests.e2e.rows import run

Code = grpc.StatusCode
LATE = 0.5  # seconds that a busy machine may take beyond
CHANGES: dict[str, Callable[[Service, Account], Awaitable[object]]] = {
    "SuspendUser": lambda service, account: service.users.SuspendUser(SuspendUserRequest(name=account.name)),
    "DeleteUser": lambda service, account: service.users.DeleteUser(DeleteUserRequest(name=account.name)),
    "RevokeSession": lambda service, account: service.auth.RevokeSession(
        RevokeSessionRequest(name=f"{account.name}/sessions/{account.credential_id}")
    ),
    "SQL": lambda service, account: run(
        service.database_url, f"DELETE FROM sessions WHERE id = '{account.credential_id}'"
    ),
}
Open = Callable[[Service, Account], AbstractAsyncContextManager[Importing | Exporting]]
STREAMS: dict[str, Open] = {
    "ImportUsers": lambda service, account: importing(service, account.token),
    "ExportUserData": lambda service, account: exporting(service, account.token, account.name),
}


@pytest.fixture(scope="module")
async def servers(databases: Databases, migrated_template: str) -> AsyncIterator[Pair]:
    async with databases(template=migrated_template) as url, pair(url) as both:
        yield both


async def over(server: Service) -> float:
    """When no call is at work on the server any more."""
    await until(lambda: server.lifecycle.admission.in_flight == 0, 10)
    return time.monotonic()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("stream", STREAMS)
async def test_an_open_stream_ends_within_a_second_as_who_is_not_let_in(
    servers: Pair, stream: str, change: str
) -> None:
    """The change is made through the one server, the stream is open on the other."""
    account = await servers.one.accounts.make("ADMIN")
    async with STREAMS[stream](servers.two, account) as opened:
        await CHANGES[change](servers.one, account)
        changed = time.monotonic()
        assert await over(servers.two) - changed <= WITHIN + LATE
        if isinstance(opened, Exporting):
            assert await opened.rest() < ROWS, "not all of it was sent"
        assert await opened.code() is Code.UNAUTHENTICATED


async def test_an_open_stream_ends_when_its_caller_has_lost_the_right(servers: Pair) -> None:
    """An administrator who is one no more does not go on making accounts."""
    account = await servers.one.accounts.make("ADMIN")
    async with importing(servers.two, account.token) as stream:
        update = UpdateUserRequest(user=User(name=account.name, role=User.USER), update_mask=FieldMask(paths=["role"]))
        await servers.one.users.UpdateUser(update)
        changed = time.monotonic()
        assert await over(servers.two) - changed <= WITHIN + LATE
        assert await stream.code() in (Code.UNAUTHENTICATED, Code.PERMISSION_DENIED)


async def test_an_open_stream_ends_when_its_token_does(servers: Pair) -> None:
    made, now = await forge(servers.two, "ADMIN"), int(time.time())
    token = made.with_claims(iat=now - 600, exp=now - 27)  # 30 seconds after it nobody is let in
    async with importing(servers.two, token) as stream:
        await over(servers.two)
        assert now + 3 <= time.time() <= now + 3 + LATE * 2
        assert await stream.code() is Code.UNAUTHENTICATED


async def test_an_open_stream_goes_on_while_others_lose_their_access(servers: Pair) -> None:
    """What is told of one account ends no stream of another."""
    staying, leaving = [await servers.one.accounts.make("ADMIN") for _ in range(2)]
    async with importing(servers.two, staying.token) as stream, importing(servers.two, leaving.token) as other:
        await servers.one.users.SuspendUser(SuspendUserRequest(name=leaving.name))
        assert await other.code() is Code.UNAUTHENTICATED
        username = await stream.send()
        await until(lambda: stream.made(username), 5)
        await stream.call.done_writing()
        assert (await stream.call).created == 2
