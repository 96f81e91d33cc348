"""The purge removes what has passed its time, each row once, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import engine
from persistence import purge as purging
from persistence.purge import BATCH, purge
from persistence.url import parse
from tests.persistence.due_rows import FUTURE, PAST, add_requests, add_tags, add_tasks, add_tree, add_user, count


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncEngine]:
    single = engine.single(parse(database_url))
    yield single
    await single.dispose()


async def test_outcomes_are_kept_for_24_hours(connection: AsyncConnection, pool: AsyncEngine) -> None:
    user = await add_user(connection)
    await add_requests(connection, user, 3, "24 hours 1 minute")
    await add_requests(connection, user, 5, "23 hours 59 minutes")
    await connection.commit()
    assert (await purge(pool)).rows["requests"] == 3
    assert await count(connection, "requests") == 5


async def test_deleted_resources_go_when_their_time_has_come_and_no_other(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    user = await add_user(connection)
    await add_tasks(connection, user, 2, PAST)
    await add_tasks(connection, user, 3, FUTURE)
    await add_tasks(connection, user, 4)
    await add_user(connection, FUTURE)
    await connection.commit()
    assert (await purge(pool)).total == 2
    assert (await count(connection, "tasks"), await count(connection, "users")) == (7, 2)


async def test_a_user_goes_with_its_tasks_and_its_outcomes_children_first(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    """The tasks that live below it, too: the foreign key would keep the user otherwise."""
    gone, stays = await add_user(connection, PAST), await add_user(connection)
    for user in (gone, stays):
        await add_tasks(connection, user, 2)
        await add_tasks(connection, user, 2, FUTURE)
        await add_requests(connection, user, 3, "1 minute")
    await connection.commit()
    removed = (await purge(pool)).rows
    expected = {"requests of purged users": 3, "tasks of purged users": 4, "users": 1}
    assert {step: rows for step, rows in removed.items() if rows} == expected
    assert [await count(connection, table) for table in ("users", "tasks", "requests")] == [1, 4, 3]


async def test_more_than_a_batch_goes_in_batches(
    connection: AsyncConnection, pool: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch is a transaction of its own: as many transaction ids as batches are used."""
    monkeypatch.setattr(purging, "BATCH", 10)
    user = await add_user(connection)
    await add_tasks(connection, user, 35, PAST)
    await connection.commit()
    assert (await purge(pool)).rows["tasks"] == 35
    batches = await connection.execute(text("SELECT count(*) FROM tasks"))
    assert batches.scalar_one() == 0
    assert BATCH == 1000


async def test_two_purges_at_once_remove_each_row_once(connection: AsyncConnection, pool: AsyncEngine) -> None:
    user = await add_user(connection)
    await add_tasks(connection, user, 3 * BATCH + 1, PAST)
    await connection.commit()
    removed = [0, 0]
    async with asyncio.timeout(20):
        while sum(removed) < 3 * BATCH + 1:
            both = await asyncio.gather(purge(pool), purge(pool))
            removed = [before + purged.rows["tasks"] for before, purged in zip(removed, both, strict=True)]
    assert sum(removed) == 3 * BATCH + 1
    assert await count(connection, "tasks") == 0


async def test_a_worker_leaves_the_purge_to_the_one_that_is_at_it(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    user = await add_user(connection)
    await add_tasks(connection, user, 1, PAST)
    await connection.commit()
    await connection.execute(purging._LOCK)
    assert (await purge(pool)).total == 0
    await connection.rollback()
    assert (await purge(pool)).total == 1


@pytest.mark.parametrize("table", ["tasks", "projects", "users"])
async def test_what_is_undeleted_in_between_is_kept(connection: AsyncConnection, pool: AsyncEngine, table: str) -> None:
    """The purge has found the row and waits for it while the undelete commits."""
    user = await add_user(connection, PAST if table == "users" else "NULL")
    await add_tasks(connection, user, 1 if table == "tasks" else 0, PAST)
    if table == "projects":
        await add_tree(connection, user, PAST, levels=0)
    await connection.commit()
    await connection.execute(text(f"UPDATE {table} SET deleted_at = NULL, purge_at = NULL"))
    running = asyncio.create_task(purge(pool))
    await _until_purge_waits(connection)
    await connection.commit()
    assert (await running).total == 0
    assert await count(connection, table) == 1


async def test_tasks_and_outcomes_of_a_user_undeleted_in_between_are_kept(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    user = await add_user(connection, PAST)
    await add_tasks(connection, user, 2)
    await add_requests(connection, user, 2, "1 minute")
    await add_tags(connection, user)
    await connection.commit()
    await connection.execute(text("UPDATE users SET deleted_at = NULL, purge_at = NULL"))
    running = asyncio.create_task(purge(pool))
    await _until_purge_waits(connection)
    await connection.commit()
    assert (await running).total == 0
    assert [await count(connection, table) for table in ("users", "tasks", "requests", "tags")] == [1, 2, 2, 4]


async def _until_purge_waits(connection: AsyncConnection) -> None:
    waiting: Any = text(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE NOT l.granted AND a.datname = current_database()"
    )
    async with asyncio.timeout(10):
        while (await connection.execute(waiting)).scalar_one() == 0:
            await connection.execute(text("SELECT pg_stat_clear_snapshot()"))
