"""Guessing is counted before it is tried, refused for longer and longer, and never used against an owner."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from persistence.database import Database
from persistence.errors import PoolExhausted
from persistence.opening import Release, open_database
from persistence.repositories.sign_in_attempts import FIRST_BLOCK, LONGEST_BLOCK
from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import aged, unit

ALICE, BOB, HERE, THERE = (letter * 32 for letter in (b"a", b"b", b"h", b"t"))
LIMIT, SOURCE_LIMIT = 10, 100
Place = tuple[bytes, bytes]  # account and source


def pair(place: Place) -> bytes:
    return bytes(x ^ y for x, y in zip(*place, strict=True))


async def attempt(
    uow: UnitOfWork, place: Place = (ALICE, HERE), limits: tuple[int, int] = (LIMIT, SOURCE_LIMIT)
) -> float:
    """The seconds to wait; 0 where the attempt is counted and may be verified."""
    keys = (place[0], pair(place), place[1])
    wait = await uow.attempts.count(*keys, account_limit=limits[0], source_limit=limits[1])
    return 0 if wait is None else wait.total_seconds()


async def attempts(uow: UnitOfWork, count: int, place: Place = (ALICE, HERE)) -> int:
    """How many of so many were let through."""
    return [await attempt(uow, place) for _ in range(count)].count(0)


async def forgive(uow: UnitOfWork, place: Place = (ALICE, HERE)) -> None:
    await uow.attempts.forgive(place[0], pair(place), place[1])


async def later(connection: AsyncConnection, age: str) -> None:
    """As if that much time went by."""
    for column in ("blocked_until", "known_until", "expire_at"):
        await aged(connection, "sign_in_attempts", column, age)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, [bytes(32)], Release("0.1.0", migrations.head()), purging=False) as opened:
        yield opened


async def count_one(uow: UnitOfWork, _caller: None, _command: None) -> float:
    return await attempt(uow)


async def test_of_200_guesses_at_once_no_more_than_the_limit_are_verified(database: Database) -> None:
    async def guess() -> float:
        while True:
            try:
                return await database.change(count_one, None, None)
            except PoolExhausted:
                continue

    waits = await asyncio.gather(*(guess() for _ in range(200)))
    assert waits.count(0) == LIMIT
    assert all(0 < wait <= FIRST_BLOCK for wait in waits if wait)


async def test_the_wait_doubles_with_each_attempt_after_the_limit_and_ends_at_15_minutes(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    assert await attempts(uow, LIMIT) == LIMIT
    waits = []
    for _ in range(10):
        waits.append(await attempt(uow))
        await later(shared_connection, f"{waits[-1] + 0.001} seconds")
        assert await attempt(uow) == 0, "the block is over, and the next attempt counts"
    expected = [min(FIRST_BLOCK * 2**number, LONGEST_BLOCK) for number in range(10)]
    assert [round(wait) for wait in waits] == expected
    assert expected[-1] == 900


async def test_an_hour_past_its_block_a_row_begins_again(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    assert await attempts(uow, LIMIT + 5) == LIMIT
    await later(shared_connection, "59 minutes")
    assert await attempts(uow, 5) == 1
    await later(shared_connection, "62 minutes")
    assert await attempts(uow, LIMIT + 5) == LIMIT


async def test_accounts_are_counted_apart_whoever_guesses(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    assert await attempts(uow, LIMIT, (ALICE, HERE)) == LIMIT
    assert await attempts(uow, 5, (ALICE, THERE)) == 0
    assert await attempts(uow, 5, (BOB, HERE)) == 5


async def test_a_source_has_a_limit_of_its_own_over_all_accounts(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    accounts = [bytes([number]) * 32 for number in range(15)]
    waits = [await attempt(uow, (account, HERE), (LIMIT, 12)) for account in accounts]
    assert waits.count(0) == 12
    counted = await shared_connection.scalars(text("SELECT key FROM sign_in_attempts"))
    assert {bytes(key) for key in counted} == {HERE, *accounts[:12]}, "a source that is blocked counts for nobody"
    assert await attempt(uow, (accounts[0], THERE)) == 0


async def test_a_stranger_cannot_lock_out_who_has_signed_in_from_here_before(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    assert await attempts(uow, 1) == 1
    await forgive(uow)
    assert await attempts(uow, LIMIT + 5, (ALICE, THERE)) == LIMIT
    assert await attempts(uow, LIMIT + 5) == LIMIT, "an allowance of its own, which is no larger"
    await later(shared_connection, "90 days 1 second")
    assert await attempts(uow, LIMIT, (ALICE, THERE)) == LIMIT
    assert await attempts(uow, 5) == 0, "known for 90 days"


async def test_a_success_begins_the_account_anew_and_takes_its_own_attempt_off_the_source(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    assert await attempts(uow, LIMIT) == LIMIT
    await forgive(uow)
    statement = text(
        "SELECT failures, blocked_until <= clock_timestamp() AS free FROM sign_in_attempts WHERE key = :key"
    )
    rows = {
        key: (await shared_connection.execute(statement, {"key": key})).one()
        for key in (ALICE, HERE, pair((ALICE, HERE)))
    }
    assert {key: row.failures for key, row in rows.items()} == {ALICE: 0, HERE: LIMIT - 1, pair((ALICE, HERE)): 0}
    assert all(row.free for row in rows.values())


async def test_a_success_from_a_known_source_gives_strangers_no_new_allowance(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    await forgive(uow)
    assert await attempts(uow, LIMIT, (ALICE, THERE)) == LIMIT
    assert await attempts(uow, 1) == 1
    await forgive(uow)
    assert await attempts(uow, 5, (ALICE, THERE)) == 0
    assert await attempts(uow, LIMIT) == LIMIT


async def test_a_success_never_leaves_less_than_nothing(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await attempt(uow)
    for _ in range(3):
        await forgive(uow)
    assert await shared_connection.scalar(text("SELECT min(failures) FROM sign_in_attempts")) == 0


async def waited_for_the_row(database: Database, connection: AsyncConnection) -> float:
    """What an attempt is told that came before the row changed, and whose turn comes after that."""
    await connection.execute(text("SELECT * FROM sign_in_attempts FOR UPDATE"))
    waiting = asyncio.create_task(database.change(count_one, None, None))
    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.timeout(10):
        while (await connection.execute(blocked)).scalar_one() == 0:
            await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    await connection.execute(text("UPDATE sign_in_attempts SET blocked_until = clock_timestamp()"))
    await connection.commit()
    return await waiting


async def test_who_came_during_the_block_is_refused_though_its_turn_came_when_the_block_was_over(
    database: Database, connection: AsyncConnection
) -> None:
    """Many guesses in a queue for one row are one burst, however long the queue takes."""
    for _ in range(LIMIT):
        await database.change(count_one, None, None)
    assert await waited_for_the_row(database, connection) == timedelta(milliseconds=1).total_seconds()


async def test_below_the_limit_nobody_is_refused_for_having_waited(
    database: Database, connection: AsyncConnection
) -> None:
    await database.change(count_one, None, None)
    assert await waited_for_the_row(database, connection) == 0


async def test_rows_are_forgotten_after_a_day_and_known_sources_after_90(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await attempt(uow)
    await forgive(uow)
    await attempt(uow)
    days = text("SELECT key, round(extract(epoch FROM expire_at - now()) / 86400) AS days FROM sign_in_attempts")
    found = {bytes(row.key): int(row.days) for row in await shared_connection.execute(days)}
    assert found == {ALICE: 1, HERE: 1, pair((ALICE, HERE)): 90}


async def test_a_source_that_is_remembered_has_an_allowance_of_its_own_for_90_days(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    assert await attempts(uow, LIMIT, (ALICE, THERE)) == LIMIT
    await uow.attempts.remember(pair((ALICE, HERE)))
    assert await attempts(uow, LIMIT + 5) == LIMIT
    await later(shared_connection, "90 days 1 second")
    assert await attempts(uow, LIMIT, (ALICE, THERE)) == LIMIT
    assert await attempts(uow, 5) == 0


async def test_to_be_remembered_leaves_every_count_as_it_is(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await forgive(uow)
    assert await attempts(uow, LIMIT) == LIMIT
    counts = text("SELECT key, failures, blocked_until FROM sign_in_attempts ORDER BY key")
    before = (await shared_connection.execute(counts)).all()
    await later(shared_connection, "89 days")
    await uow.attempts.remember(pair((ALICE, HERE)))
    known = text(
        "SELECT known_until > now() + interval '89 days' AND expire_at >= known_until FROM sign_in_attempts"
        " WHERE key = :pair"
    )
    assert await shared_connection.scalar(known, {"pair": pair((ALICE, HERE))})
    after = (await shared_connection.execute(counts)).all()
    assert [(row.key, row.failures) for row in after] == [(row.key, row.failures) for row in before]
    assert [old.blocked_until - new.blocked_until for old, new in zip(before, after, strict=True)] == [
        timedelta(days=89)
    ] * len(before)
