"""One of two servers leaves under load: its callers go to the other, and nobody's call is lost."""

import asyncio
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack

import grpc
import pytest

from tests.e2e.accounts import administrator
from tests.e2e.faults.calls import OK, Client, Ended, client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.ports import free_address
from tests.e2e.faults.until import until
from tests.e2e.service_process import KEY, ServiceProcess, serving

CALLERS = 20


@pytest.fixture
def settings(database_url: str) -> Mapping[str, str]:
    return {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off"}


async def _call_until(ending: asyncio.Event, caller: Client, user: str, outcomes: list[Ended]) -> None:
    while not ending.is_set():
        outcomes.append(await ended(caller.create(user, new_id(), new_id(), timeout=10)))
        outcomes.append(await ended(caller.list(user, timeout=10)))


async def _drain_one_of_two(settings: Mapping[str, str], *, all_on_one: bool) -> list[Ended]:
    """How the calls of 20 callers ended, each on a connection of its own, while one of two servers went.

    `all_on_one` connects all of them to the server that leaves, which is the worst case; else the kernel decides.
    """
    outcomes: list[Ended] = []
    async with AsyncExitStack() as stack:
        address = stack.enter_context(free_address())
        shared = {**settings, "REUSE_PORT": "1", "LISTEN": address}
        leaving = await stack.enter_async_context(serving(shared))
        if not all_on_one:
            await stack.enter_async_context(serving(shared))
        token = await administrator(settings["DATABASE_URL"])
        connected = (client(address, "retry_all", token=token) for _ in range(CALLERS))
        callers = [await stack.enter_async_context(caller) for caller in connected]
        *_, user = [await caller.user() for caller in callers]
        if all_on_one:
            await stack.enter_async_context(serving(shared))
        ending = asyncio.Event()
        async with asyncio.TaskGroup() as calling:
            for caller in callers:
                calling.create_task(_call_until(ending, caller, user, outcomes))
            await _leave(leaving, outcomes)
            ending.set()
    return outcomes


async def _leave(leaving: ServiceProcess, outcomes: list[Ended]) -> None:
    """SIGTERM in the middle of the load, and the load goes on after the server's end."""
    await until(lambda: len(outcomes) > CALLERS * 4, 20)
    leaving.signal(signal.SIGTERM)
    assert await leaving.ended() == 0
    seen = len(outcomes)
    await until(lambda: len(outcomes) > seen + CALLERS * 4, 20)


def _refused(outcomes: list[Ended]) -> Counter[tuple[grpc.StatusCode, str, str]]:
    return Counter((outcome.code, outcome.reason, outcome.message) for outcome in outcomes if outcome.code is not OK)


async def test_a_server_that_leaves_under_load_costs_no_answer(settings: Mapping[str, str]) -> None:
    outcomes = await _drain_one_of_two(settings, all_on_one=True)
    assert _refused(outcomes) == Counter()


@pytest.mark.prove
@pytest.mark.timeout(400)
async def test_ten_times_a_server_leaves_under_load_and_costs_no_answer(
    capsys: pytest.CaptureFixture[str], settings: Mapping[str, str]
) -> None:
    outcomes = [
        outcome for number in range(10) for outcome in await _drain_one_of_two(settings, all_on_one=bool(number % 2))
    ]
    report(capsys, f"{len(outcomes)} calls, slowest {max(outcome.seconds for outcome in outcomes):.3f} s")
    assert _refused(outcomes) == Counter()
