"""The purge removes what has passed its time, each row once, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import engine
from persistence import purge as purging
from persistence.purge import BATCH, purge
from persistence.url import parse

PAST = "now() - interval '1 minute'"
FUTURE = "now() + interval '1 day'"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncEngine]:
    single = engine.single(parse(database_url))
    yield single
    await single.dispose()


async def _user(connection: AsyncConnection, purge_at: str = "NULL") -> UUID:
    """A user; with a time of purge a deleted one."""
    user = uuid4()
    deleted = "NULL" if purge_at == "NULL" else "now() - interval '40 days'"
    await connection.execute(
        text(f"""
            INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by,
                deleted_at, purge_at)
            VALUES (:id, :name, :name, '', 'UTC', 'SERVICE', :id, :id, {deleted}, {purge_at})"""),
        {"id": user, "name": f"u{user.hex}"},
    )
    return user


async def _tasks(connection: AsyncConnection, owner: UUID, count: int, purge_at: str = "NULL") -> None:
    deleted = "NULL" if purge_at == "NULL" else "now() - interval '40 days'"
    await connection.execute(
        text(f"""
            INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by, deleted_at, purge_at)
            SELECT :owner, gen_random_uuid(), 'A task', '', 'LOW', :owner, :owner, {deleted}, {purge_at}
            FROM generate_series(1, :count)"""),
        {"owner": owner, "count": count},
    )


async def _requests(connection: AsyncConnection, caller: UUID, count: int, age: str) -> None:
    await connection.execute(
        text("""
            INSERT INTO requests (caller_id, request_id, method, fingerprint, created_at)
            SELECT :caller, gen_random_uuid(), 'm', sha256('x'), now() - CAST(:age AS text)::interval
            FROM generate_series(1, :count)"""),
        {"caller": caller, "count": count, "age": age},
    )


async def _count(connection: AsyncConnection, table: str) -> int:
    return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_outcomes_are_kept_for_24_hours(connection: AsyncConnection, pool: AsyncEngine) -> None:
    user = await _user(connection)
    await _requests(connection, user, 3, "24 hours 1 minute")
    await _requests(connection, user, 5, "23 hours 59 minutes")
    await connection.commit()
    assert (await purge(pool)).rows["requests"] == 3
    assert await _count(connection, "requests") == 5


async def test_deleted_resources_go_when_their_time_has_come_and_no_other(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    user = await _user(connection)
    await _tasks(connection, user, 2, PAST)
    await _tasks(connection, user, 3, FUTURE)
    await _tasks(connection, user, 4)
    await _user(connection, FUTURE)
    await connection.commit()
    assert (await purge(pool)).total == 2
    assert (await _count(connection, "tasks"), await _count(connection, "users")) == (7, 2)


async def test_a_user_goes_with_its_tasks_and_its_outcomes_children_first(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    """The tasks that live below it, too: the foreign key would keep the user otherwise."""
    gone, stays = await _user(connection, PAST), await _user(connection)
    for user in (gone, stays):
        await _tasks(connection, user, 2)
        await _tasks(connection, user, 2, FUTURE)
        await _requests(connection, user, 3, "1 minute")
    await connection.commit()
    removed = (await purge(pool)).rows
    expected = {"requests of purged users": 3, "tasks of purged users": 4, "users": 1}
    assert {step: count for step, count in removed.items() if count} == expected
    assert [await _count(connection, table) for table in ("users", "tasks", "requests")] == [1, 4, 3]


async def test_more_than_a_batch_goes_in_batches(
    connection: AsyncConnection, pool: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is a transaction of its own: as many transaction ids as batches are used."""
    monkeypatch.setattr(purging, "BATCH", 10)
    user = await _user(connection)
    await _tasks(connection, user, 35, PAST)
    await connection.commit()
    assert (await purge(pool)).rows["tasks"] == 35
    batches = await connection.execute(text("SELECT count(*) FROM tasks"))
    assert batches.scalar_one() == 0
    assert BATCH == 1000


async def test_two_purges_at_once_remove_each_row_once(connection: AsyncConnection, pool: AsyncEngine) -> None:
    user = await _user(connection)
    await _tasks(connection, user, 3 * BATCH + 1, PAST)
    await connection.commit()
    removed = [0, 0]
    async with asyncio.timeout(20):
        while sum(removed) < 3 * BATCH + 1:
            both = await asyncio.gather(purge(pool), purge(pool))
            removed = [before + purged.rows["tasks"] for before, purged in zip(removed, both, strict=True)]
    assert sum(removed) == 3 * BATCH + 1
    assert await _count(connection, "tasks") == 0


async def test_a_worker_leaves_the_purge_to_the_one_that_is_at_it(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    user = await _user(connection)
    await _tasks(connection, user, 1, PAST)
    await connection.commit()
    await connection.execute(purging._LOCK)
    assert (await purge(pool)).total == 0
    await connection.rollback()
    assert (await purge(pool)).total == 1


@pytest.mark.parametrize("table", ["tasks", "users"])
async def test_what_is_undeleted_in_between_is_kept(connection: AsyncConnection, pool: AsyncEngine, table: str) -> None:
    """The purge has found the row and waits for it while the undelete commits."""
    user = await _user(connection, PAST if table == "users" else "NULL")
    await _tasks(connection, user, 1 if table == "tasks" else 0, PAST)
    await connection.commit()
    await connection.execute(text(f"UPDATE {table} SET deleted_at = NULL, purge_at = NULL"))
    running = asyncio.create_task(purge(pool))
    await _until_purge_waits(connection)
    await connection.commit()
    assert (await running).total == 0
    assert await _count(connection, table) == 1


async def test_tasks_and_outcomes_of_a_user_undeleted_in_between_are_kept(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    user = await _user(connection, PAST)
    await _tasks(connection, user, 2)
    await _requests(connection, user, 2, "1 minute")
    await connection.commit()
    await connection.execute(text("UPDATE users SET deleted_at = NULL, purge_at = NULL"))
    running = asyncio.create_task(purge(pool))
    await _until_purge_waits(connection)
    await connection.commit()
    assert (await running).total == 0
    assert [await _count(connection, table) for table in ("users", "tasks", "requests")] == [1, 2, 2]


async def _until_purge_waits(connection: AsyncConnection) -> None:
    waiting: Any = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE NOT l.granted AND a.datname = current_database()"
    )
    async with asyncio.timeout(10):
        while (await connection.execute(waiting)).scalar_one() == 0:
            await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
