"""The way from tasks alone to projects, trees, tags and search keeps every task as it is, and so does the way back."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations import commands
from persistence import engine
from persistence.url import parse

ALICE, HOUSE, ROOT, PART = (UUID(int=number) for number in (1, 2, 3, 4))
FORMER = "0017"
USER = """
    INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
    VALUES (:alice, 'alice', 'alice', '', 'UTC', 'SERVICE', :alice, :alice)"""
TASKS = """
    INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)
    SELECT :alice, id, 'Paint the door', 'blue', 'LOW', :alice, :alice FROM unnest(CAST(:tasks AS uuid[])) AS id"""
PROJECT = """
    INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by)
    VALUES (:alice, :house, 'House', '', :alice, :alice)"""
GROUPED = """
    UPDATE tasks SET project_id = :house, tags = '{garden}',
        parent_id = CASE WHEN id = :part THEN CAST(:root AS uuid) END"""
KEPT = text("SELECT id, title, description, version, created_at, updated_at, updated_by FROM tasks ORDER BY id")
MADE = text(
    "SELECT project_id, parent_id, tags, metadata, search @@ 'paint:A' AND search @@ 'blue:B' AS found FROM tasks"
)


async def write(connection: AsyncConnection, statement: str, **values: object) -> None:
    await connection.execute(text(statement), values)
    await connection.commit()


async def rows(connection: AsyncConnection, statement: Any) -> list[tuple[Any, ...]]:
    found = [tuple(row) for row in await connection.execute(statement)]
    await connection.rollback()
    return found


async def test_tasks_of_the_former_release_are_kept_forth_and_back(empty_database_url: str) -> None:
    await commands.upgrade(empty_database_url, FORMER)
    single = engine.single(parse(empty_database_url))
    async with single.connect() as connection:
        await write(connection, USER, alice=ALICE)
        await write(connection, TASKS, alice=ALICE, tasks=[ROOT, PART])
        before = await rows(connection, KEPT)
        await commands.upgrade(empty_database_url)
        assert await rows(connection, KEPT) == before
        assert await rows(connection, MADE) == [(None, None, [], {}, True)] * 2
        await write(connection, PROJECT, alice=ALICE, house=HOUSE)
        await write(connection, GROUPED, house=HOUSE, root=ROOT, part=PART)
        grouped = await rows(connection, KEPT)
        await commands.downgrade(empty_database_url, FORMER)
        assert await rows(connection, KEPT) == grouped
        await write(connection, "UPDATE tasks SET title = 'Paint the wall'")
        assert [row[3] for row in await rows(connection, KEPT)] == [3, 3], "the trigger knows of no words any more"
    await single.dispose()
