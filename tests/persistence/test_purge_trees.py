"""The purge of what tasks are grouped by: trees from their leaves, then projects, and all of a user before the user."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import engine
from persistence import purge as purging
from persistence.purge import purge
from persistence.url import parse
from tests.persistence.due_rows import FUTURE, PAST, add_tags, add_tasks, add_tree, add_user, count


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncEngine]:
    single = engine.single(parse(database_url))
    yield single
    await single.dispose()


async def test_a_tree_goes_from_its_leaves_in_batches_and_then_its_project(
    connection: AsyncConnection, pool: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 3)
    user = await add_user(connection)
    for purge_at in [PAST] * 5 + [FUTURE, "NULL"]:
        await add_tree(connection, user, purge_at)
    await connection.commit()
    removed = (await purge(pool)).rows
    assert {step: rows for step, rows in removed.items() if rows} == {"tasks": 40, "projects": 5}
    assert [await count(connection, table) for table in ("tasks", "projects")] == [16, 2]


async def test_a_parent_stays_as_long_as_its_child_and_a_project_as_long_as_its_task(
    connection: AsyncConnection, pool: AsyncEngine
) -> None:
    """No call leaves it so; what hands did must not keep the purge from all the rest."""
    user = await add_user(connection)
    chain = await add_tree(connection, user, PAST, levels=3)
    await connection.execute(text(f"UPDATE tasks SET purge_at = {FUTURE} WHERE id = :id"), {"id": chain[1]})
    await add_tasks(connection, user, 1, PAST)
    await connection.commit()
    assert (await purge(pool)).rows["tasks"] == 2
    left = await connection.scalars(text("SELECT id FROM tasks"))
    assert set(left.all()) == set(chain[:2])
    assert await count(connection, "projects") == 1
    await connection.execute(text(f"UPDATE tasks SET purge_at = {PAST}"))
    await connection.commit()
    assert (await purge(pool)).total == 3


async def test_a_user_goes_with_its_trees_projects_tags_and_position(
    connection: AsyncConnection, pool: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "BATCH", 3)
    gone, stays = await add_user(connection, PAST), await add_user(connection)
    for user in (gone, stays):
        await add_tree(connection, user)
        await add_tree(connection, user, FUTURE)
        await add_tags(connection, user)
        await connection.execute(text("INSERT INTO owner_positions (owner_id) VALUES (:owner)"), {"owner": user})
    await connection.commit()
    removed = (await purge(pool)).rows
    assert {step: rows for step, rows in removed.items() if rows} == {
        "tasks of purged users": 16,
        "projects of purged users": 2,
        "tags of purged users": 4,
        "owner_positions of purged users": 1,
        "users": 1,
    }
    tables = ("users", "tasks", "projects", "tags", "owner_positions")
    assert [await count(connection, table) for table in tables] == [1, 16, 2, 4, 1]
