"""Who calls is looked up once: from the second call on a token costs no round trip to the database."""

from collections.abc import AsyncIterator
from statistics import median

import grpc
import pytest

from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service, Stubs, in_process
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.refusals import refused

READ = 1  # round trips of GetUser itself


@pytest.fixture
async def counted(database_url: str) -> AsyncIterator[tuple[Service, Wire]]:
    """A server that reaches its database through a wire that counts, with statements that its connections know."""
    async with wire(database_url) as proxy, in_process(proxy.url) as service:
        for stubs in (await service.called_by("USER"), await service.called_by("SERVICE", ("users.read",))):
            for _ in range(4):
                await trips_of_a_read(stubs, proxy)
        yield service, proxy


async def trips_of_a_read(caller: Stubs, proxy: Wire) -> int:
    before = proxy.round_trips
    await caller.users.GetUser(GetUserRequest(name="users/me"))
    return proxy.round_trips - before


@pytest.mark.parametrize("role", ["USER", "ADMIN", "SERVICE"])
async def test_only_the_first_call_with_a_token_asks_the_database_whose_it_is(
    counted: tuple[Service, Wire], role: str
) -> None:
    """By the middle of several: what the worker writes by itself, such as times of use, may fall into one of them."""
    service, proxy = counted
    first, later = [], []
    for _ in range(3):
        caller = await service.called_by(role, ("users.read",) if role == "SERVICE" else ())
        first.append(await trips_of_a_read(caller, proxy))
        later += [await trips_of_a_read(caller, proxy) for _ in range(3)]
    assert (median(first), median(later)) == (READ + 1, READ)


async def test_tokens_that_do_not_hold_make_the_database_no_work(counted: tuple[Service, Wire]) -> None:
    """Signature or checksum is wrong. All that is written is one event a second for the audit log, or two."""
    service, proxy = counted
    account = await service.accounts.make("SERVICE", ("users.read",))
    given = (service.token[:-8] + "AAAAAAAA", account.token[:-3] + "AAA", "garbage")
    callers = [await service.with_token(token) for token in given]
    before, calls = proxy.round_trips, 90
    for number in range(calls):
        call = trips_of_a_read(callers[number % len(callers)], proxy)
        await refused(call, grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert proxy.round_trips - before < calls / 2
