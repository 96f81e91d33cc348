"""One call of each key at a time, first come, first served, and nobody is left in the line."""

import asyncio

import pytest

from persistence.errors import RequestInProgress
from persistence.turns import WAITING, Turns


async def _settled() -> None:
    """Lets every task that can run do so: each has one step at the most to its next wait."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_one_at_a_time_in_the_order_of_coming() -> None:
    turns, served, inside = Turns(), list[int](), 0

    async def call(number: int) -> None:
        nonlocal inside
        release = await turns.take("key")
        inside += 1
        assert inside == 1
        await asyncio.sleep(0)
        served.append(number)
        inside -= 1
        release()

    await asyncio.gather(*(call(number) for number in range(20)))
    assert served == list(range(20))
    assert turns._lines == {}


async def test_other_keys_do_not_wait() -> None:
    turns = Turns()
    async with asyncio.timeout(1):
        releases = [await turns.take(key) for key in ("one", "other")]
    for release in releases:
        release()
    assert turns._lines == {}


async def test_more_than_the_line_holds_are_refused() -> None:
    turns = Turns()
    release = await turns.take("key")
    waiting = [asyncio.create_task(turns.take("key")) for _ in range(WAITING)]
    await _settled()
    with pytest.raises(RequestInProgress):
        await turns.take("key")
    release()
    for place in waiting:
        (await place)()
    assert turns._lines == {}


async def test_who_leaves_the_line_is_passed_over() -> None:
    turns = Turns()
    release = await turns.take("key")
    leaves, stays = asyncio.create_task(turns.take("key")), asyncio.create_task(turns.take("key"))
    await _settled()
    leaves.cancel()
    await _settled()
    release()
    async with asyncio.timeout(1):
        (await stays)()
    assert turns._lines == {}


async def test_who_leaves_at_the_moment_of_the_turn_passes_it_on() -> None:
    turns = Turns()
    release = await turns.take("key")
    leaves, stays = asyncio.create_task(turns.take("key")), asyncio.create_task(turns.take("key"))
    await _settled()
    release()
    leaves.cancel()
    async with asyncio.timeout(1):
        (await stays)()
    assert turns._lines == {}
