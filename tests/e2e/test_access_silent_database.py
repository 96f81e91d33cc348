"""The database is silent (SIGSTOP): after 2 seconds nobody knows who may still call, so that nobody is let in."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from taxiway.v1.auth_service_pb2 import GetSigningKeysRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.access.contract import Outcome, rpc
from tests.e2e.access.refusal import reason_of
from tests.e2e.access.streams import importing
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.postgres import OwnPostgres, own_postgres
from tests.e2e.faults.until import until

Code = grpc.StatusCode
SILENCE = 2.0  # seconds
PING = 0.25  # seconds between two answers of the database
LATE = 0.75  # seconds that a busy machine may take beyond


@dataclass(frozen=True)
class Place:
    """A server, its database, and an administrator whom it knows."""

    postgres: OwnPostgres
    service: Service
    token: str

    async def outcome(self) -> Outcome:
        """Of a call that asks the database for nothing once its caller is known: its name is malformed."""
        async with grpc.aio.insecure_channel(self.service.address) as channel:
            metadata = (("authorization", f"Bearer {self.token}"),)
            return await rpc("GetUser").call(channel, GetUserRequest(name="users/nobody"), metadata)

    async def answers(self, code: grpc.StatusCode) -> bool:
        return (await self.outcome()).code is code


@pytest.fixture(scope="module")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OwnPostgres]:
    directory: Path = tmp_path_factory.mktemp("silent")
    async with own_postgres(directory) as started:
        yield started


@pytest.fixture
async def place(postgres: OwnPostgres) -> AsyncIterator[Place]:
    async with in_process(postgres.url) as service:
        token = (await service.accounts.make("ADMIN")).token
        made = Place(postgres, service, token)
        assert await made.answers(Code.INVALID_ARGUMENT), "the caller is let in, and then the name is refused"
        yield made
        postgres.thaw()


async def test_after_2_seconds_of_silence_nobody_is_let_in_until_the_database_speaks_again(place: Place) -> None:
    """The token is in order and its account is remembered: the calls need no database but for that."""
    place.postgres.freeze()
    silent = time.monotonic()
    assert await place.answers(Code.INVALID_ARGUMENT), "what was known a moment ago still holds"
    await until(lambda: place.answers(Code.UNAVAILABLE), 10)
    assert SILENCE - PING - 0.05 <= time.monotonic() - silent <= SILENCE + LATE
    refused = await place.outcome()
    assert (refused.code, reason_of(refused)) == (Code.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    place.postgres.thaw()
    await until(lambda: place.answers(Code.INVALID_ARGUMENT), 2 + LATE)


async def test_what_needs_no_credentials_is_answered_all_the_same(place: Place) -> None:
    """Other services verify tokens by these keys: they are in memory."""
    keys = await place.service.auth.GetSigningKeys(GetSigningKeysRequest())
    place.postgres.freeze()
    await until(lambda: place.answers(Code.UNAVAILABLE), 10)
    assert await place.service.auth.GetSigningKeys(GetSigningKeysRequest()) == keys


async def test_an_open_stream_ends_when_nobody_knows_whether_it_may_go_on(place: Place) -> None:
    async with importing(place.service, place.token) as stream:
        place.postgres.freeze()
        silent = time.monotonic()
        assert await stream.code() is Code.UNAVAILABLE
        assert time.monotonic() - silent <= SILENCE * 2 + LATE
