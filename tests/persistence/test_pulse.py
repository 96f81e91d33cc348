"""The pulse tells whether the database answers, soon after it fell silent and came back, and whose rights changed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine
from persistence.pulse import OVERDUE, PATIENCE, Changed, Pulse
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


USER = """
    INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
    VALUES (:id, 'robot', 'robot', '', 'UTC', 'SERVICE', :id, :id)"""
SUSPEND = "UPDATE users SET state = 'SUSPENDED'"


async def test_it_tells_whose_rights_changed_whoever_changed_them(
    database_url: str, connection: AsyncConnection
) -> None:
    """By plain SQL; and again and again for a while, to all who listen. NULL stands for the signing keys."""
    heard: list[Changed] = []
    also: list[Changed] = []
    robot = UUID(int=1)
    await connection.execute(text(USER), {"id": robot})
    await connection.commit()
    async with _beating(database_url) as pulse:
        pulse.listen(heard.append)
        pulse.listen(also.append)
        await until(lambda: len(heard) > 1, 5)
        assert not any(heard)
        await connection.execute(text(SUSPEND))
        await connection.commit()
        assert await until(lambda: heard[-1].keys() == {robot}, 5) < 1 * 4
        await connection.execute(text("INSERT INTO access_changes (user_id) VALUES (NULL)"))
        await connection.commit()
        await until(lambda: heard[-1].keys() == {robot, None}, 5)
        once = heard[-1]
        await connection.execute(text("INSERT INTO access_changes (user_id) VALUES (NULL)"))
        await connection.commit()
        await until(lambda: heard[-1][None] != once[None], 5)
        assert heard[-1][robot] == once[robot]
        assert also == heard


async def test_changes_older_than_20_seconds_are_told_no_more(database_url: str, connection: AsyncConnection) -> None:
    heard: list[Changed] = []
    old = "INSERT INTO access_changes (user_id, created_at) SELECT gen_random_uuid(), now() - interval '21 seconds'"
    await connection.execute(text(old))
    await connection.commit()
    async with _beating(database_url) as pulse:
        pulse.listen(heard.append)
        await until(lambda: len(heard) > 1, 5)
        assert not any(heard)


async def test_a_listener_that_fails_makes_the_database_count_as_silent(database_url: str) -> None:
    """Nobody goes by what was not heard: the age grows until the listener has taken an answer."""
    fails = [True]
    calls = 0

    def listener(_: Changed) -> None:
        nonlocal calls
        calls += 1
        if fails:
            raise ValueError("on purpose")

    async with _beating(database_url) as pulse:
        pulse.listen(listener)
        await until(lambda: calls >= 2, 5)
        assert not pulse.alive
        fails.clear()
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
