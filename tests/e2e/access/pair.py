"""Two servers over one database, and credentials that both of them have let in already."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from tests.e2e.access.contract import Outcome, rpc
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service, in_process

WITHIN = 1.0  # seconds after which nobody is let in by what holds no more
AFTERWARDS = 0.3  # seconds: more than one reading of what changed
MEANWHILE = {grpc.StatusCode.OK, grpc.StatusCode.NOT_FOUND}  # let in, and what the call is about may be gone


@dataclass(frozen=True)
class Pair:
    """`one` makes the changes; `two` learns of them from the database alone."""

    one: Service
    two: Service

    @property
    def both(self) -> tuple[Service, Service]:
        return self.one, self.two


@asynccontextmanager
async def pair(database_url: str, **settings: object) -> AsyncIterator[Pair]:
    async with in_process(database_url, **settings) as one, in_process(database_url, **settings) as two:
        yield Pair(one, two)


@dataclass(frozen=True)
class Probe:
    """A call that an account may make, again and again, over a channel of its own to one server."""

    method: str
    request: dict[str, object]
    token: str
    channel: grpc.aio.Channel

    async def outcome(self) -> Outcome:
        call = rpc(self.method)
        return await call.call(self.channel, call.request(**self.request), (("authorization", f"Bearer {self.token}"),))

    async def code(self) -> grpc.StatusCode:
        return (await self.outcome()).code


PROBES: dict[str, tuple[str, dict[str, object]]] = {
    "USER": ("GetUser", {"name": "users/me"}),
    "SERVICE": ("ListTasks", {"parent": "users/-"}),
    "ADMIN": ("ListUsers", {"page_size": 1}),
}


@asynccontextmanager
async def probes(servers: Pair, account: Account, role: str) -> AsyncIterator[Sequence[Probe]]:
    """One on each server, which has let the account in: what it stands for is remembered there."""
    method, request = PROBES[role]
    one, two = (grpc.aio.insecure_channel(server.address) for server in servers.both)
    async with one, two:
        made = [Probe(method, request, account.token, channel) for channel in (one, two)]
        assert [await probe.code() for probe in made] == [grpc.StatusCode.OK] * 2
        yield made


async def changes_within_a_second(
    asked: Sequence[Probe], change: Callable[[], Awaitable[object]], code: grpc.StatusCode
) -> None:
    """From `WITHIN` seconds after the change on every call on every server is answered so, and before it OK or so."""
    await change()
    changed = time.monotonic()
    for probe in asked:
        while True:
            began, found = time.monotonic(), await probe.code()
            if found is code:
                break
            assert found in MEANWHILE
            assert began - changed <= WITHIN, f"let in {began - changed:.3f} s after the change"
    until = time.monotonic() + AFTERWARDS
    while time.monotonic() < until:
        assert {await probe.code() for probe in asked} == {code}, "once refused, refused ever after"
