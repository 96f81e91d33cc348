"""Signing keys are rotated while callers sign in, refresh and call: no valid token is refused, on any server."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count

import grpc
import pytest

from service.credentials.signing_keys import rotate_keys
from taxiway.v1.auth_service_pb2 import GetSigningKeysRequest
from tests.conftest import Databases
from tests.e2e.access.pair import Pair, changes_within_a_second, pair, probes
from tests.e2e.access.people import Person, person, refreshed
from tests.e2e.access.refusal import bearer
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service
from tests.e2e.faults.figures import report
from tests.e2e.faults.until import until

Code = grpc.StatusCode
CALLERS = 4
EACH = 8  # calls between two rotations


@pytest.fixture
async def servers(databases: Databases, migrated_template: str) -> AsyncIterator[Pair]:
    async with databases(template=migrated_template) as url, pair(url) as both:
        yield both


async def rotate(service: Service, *, revoke: bool = False) -> str:
    kid: str = await service.lifecycle.db.change(rotate_keys, None, revoke)
    return kid


@dataclass
class Load:
    """Callers who go on until they are told to end, and the codes of their calls."""

    servers: Pair
    codes: Counter[grpc.StatusCode] = field(default_factory=Counter)
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, *tokens: str) -> None:
        """With each token on each server: also where another one has just made it."""
        for server in self.servers.both:
            for token in tokens:
                self.codes[(await bearer(server, token)).code] += 1

    async def go_on(self, who: Person) -> None:
        """Signs in and refreshes by turns, here and there; the token that it had first holds all the while."""
        first = (await who.sign_in(self.servers.one)).access_token
        for turn in count():
            here, there = self.servers.both if turn % 2 else reversed(self.servers.both)
            signed_in = await who.sign_in(here)
            await self.call(first, signed_in.access_token)
            await self.call((await refreshed(there, signed_in)).access_token)
            if self.ending.is_set():
                return

    async def rotations(self, times: int) -> list[str]:
        """One after another, each after so many calls more; the ids of the keys that signed."""
        kids = []
        for turn in range(times):
            kids.append(await rotate(self.servers.both[turn % 2]))
            enough = self.codes.total() + EACH
            await until(lambda enough=enough: self.codes.total() >= enough, 30)  # type: ignore[misc]  # bound now
        self.ending.set()
        return kids


@pytest.mark.parametrize("times", [2, pytest.param(20, marks=pytest.mark.prove)])
async def test_no_valid_token_is_refused_while_keys_are_rotated(
    servers: Pair, times: int, capsys: pytest.CaptureFixture[str]
) -> None:
    load = Load(servers)
    people = [await person(servers.one) for _ in range(CALLERS)]
    async with asyncio.TaskGroup() as group:
        for who in people:
            group.create_task(load.go_on(who))
        kids = await load.rotations(times)
    report(capsys, f"{times} rotations under {load.codes.total()} calls: {dict(load.codes)}")
    assert set(load.codes) == {Code.OK}
    assert len(set(kids)) == times, "each rotation brought another key"
    for server in servers.both:
        await until(lambda server=server: _publishes(server, kids), 1.5)  # type: ignore[misc]  # bound now


async def _publishes(server: Service, kids: list[str]) -> bool:
    """The one that signs now first; those that signed lately, which verify; and the next, to be known beforehand."""
    keys = [key.kid for key in (await server.auth.GetSigningKeys(GetSigningKeysRequest())).keys]
    return keys[0] == kids[-1] and set(keys) > set(kids)


async def test_the_key_that_signs_next_is_published_before_it_signs(servers: Pair) -> None:
    """Who keeps the keys for a while knows it in time."""
    before = (await servers.one.auth.GetSigningKeys(GetSigningKeysRequest())).keys
    assert await rotate(servers.one) == before[1].kid


async def test_tokens_of_keys_that_are_revoked_are_refused_within_a_second_everywhere(servers: Pair) -> None:
    """Their sessions live on: a refresh answers a token by the key that signs now."""
    who = await person(servers.one)
    tokens = await who.sign_in(servers.one)
    account = Account(who.account.id, tokens.access_token, who.account.credential_id)
    async with probes(servers, account, "USER") as asked:
        await changes_within_a_second(asked, lambda: rotate(servers.one, revoke=True), Code.UNAUTHENTICATED)
    renewed = await refreshed(servers.two, tokens)
    for server in servers.both:
        assert (await bearer(server, renewed.access_token)).code is Code.OK
