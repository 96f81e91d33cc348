"""The pulse tells whether the database answers, soon after it fell silent and soon after it is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from persistence import engine
from persistence.pulse import OVERDUE, PATIENCE, Pulse
from persistence.url import parse
from tests.e2e.faults.postgres import own_postgres
from tests.e2e.faults.until import until


@asynccontextmanager
async def _beating(url: str) -> AsyncIterator[Pulse]:
    single = engine.single(parse(url), command_timeout=PATIENCE)
    pulse = Pulse(single)
    beat = asyncio.create_task(pulse.beat())
    try:
        yield pulse
    finally:
        beat.cancel()
        await asyncio.wait((beat,))
        await single.dispose()


async def test_it_is_dead_before_the_first_answer_and_alive_after_it(database_url: str) -> None:
    async with _beating(database_url) as pulse:
        assert not pulse.alive
        await until(lambda: pulse.alive, 5)


async def test_it_stops_when_the_database_freezes_and_beats_again_when_it_thaws(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with own_postgres(tmp_path_factory.mktemp("pulse")) as postgres, _beating(postgres.url) as pulse:
        await until(lambda: pulse.alive, 5)
        assert await pulse.answers()
        postgres.freeze()
        assert await until(lambda: not pulse.alive, 5) < PATIENCE * 4
        assert not await pulse.answers()
        postgres.thaw()
        assert await until(lambda: pulse.alive, 5) < 1 * 4


async def test_a_late_ping_is_waited_for_before_the_database_counts_as_silent(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with own_postgres(tmp_path_factory.mktemp("pulse")) as postgres, _beating(postgres.url) as pulse:
        await until(lambda: pulse.alive, 5)
        postgres.freeze()
        await until(lambda: pulse.age > OVERDUE, 5)
        verdict = asyncio.create_task(pulse.answers())
        postgres.thaw()
        assert await verdict


async def test_it_beats_again_after_a_database_that_was_not_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with own_postgres(tmp_path_factory.mktemp("pulse")) as postgres, _beating(postgres.url) as pulse:
        await until(lambda: pulse.alive, 5)
        postgres.server.stop()
        await until(lambda: not pulse.alive, 5)
        postgres.start()
        await until(lambda: pulse.alive, 5)
