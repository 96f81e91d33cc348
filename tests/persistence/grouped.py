"""Projects, and tasks with projects, parents and tags; and a database full of them, to look at plans."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine
from persistence.unit_of_work import UnitOfWork
from persistence.url import parse
from tests.persistence.plans import examine
from tests.persistence.units import unit

# What to run, and how many rows it may see.
Query = tuple[Callable[[UnitOfWork], Awaitable[object]], int]
OF_USERS = {"pk_users", "ix_users_id_living"}
_OF_OWNER = re.compile(r"\(+owner_id = ")
ROWS, PROJECTS, WORDS = 4000, 20, 40
OWNER = UUID(int=1)
_ID = "lpad(to_hex({}), 32, '0')::uuid"
_TASK, _OWNER = _ID.format("n"), _ID.format("CASE WHEN n % 10 = 0 THEN 2 + n / 10 % 40 ELSE 1 END")
_FILL = (
    f"""INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
        SELECT {_TASK}, 'u' || n, 'u' || n, '', 'UTC', 'SERVICE', {_TASK}, {_TASK} FROM generate_series(1, 41) AS n""",
    f"""INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by)
        SELECT users.id, {_TASK}, 'p', '', users.id, users.id FROM users, generate_series(1, {PROJECTS}) AS n""",
    f"""INSERT INTO tags (owner_id, id, key, display_name, created_by, updated_by)
        SELECT users.id, {_TASK}, 'w' || n, 'W' || n, users.id, users.id
        FROM users, generate_series(1, {WORDS}) AS n""",
    f"""INSERT INTO tasks (owner_id, id, title, description, priority, project_id, parent_id, tags, created_by,
            updated_by, deleted_at, purge_at)
        SELECT {_OWNER}, {_TASK}, 'title', '', 'LOW', {_ID.format(f"1 + n % {PROJECTS}")},
            CASE WHEN n % 10 IN (2, 3, 4) THEN {_ID.format("n - 1")} END,
            ARRAY['w' || 1 + n % {WORDS}, 'x'], {_OWNER}, {_OWNER},
            CASE WHEN n % 5 = 0 THEN now() END, CASE WHEN n % 5 = 0 THEN now() + interval '1 day' END
        FROM generate_series(1, {ROWS}) AS n""",
)


def numbered(number: int) -> UUID:
    return UUID(int=number)


async def goes_through_indexes_of_the_owner(url: str, queries: Mapping[str, Query]) -> None:
    """Small tables may be read as they are: it is forbidden here, so that what serves large ones shows."""
    async with _filled(url) as connection:
        for name, (run, limit) in queries.items():
            seen = await examine(connection, partial(run, unit(connection)), most=2)
            await connection.rollback()
            assert not seen.sequential, (name, seen)
            assert seen.rows <= limit, (name, seen)
            strange = {index for index, condition in seen.conditions if not _OF_OWNER.match(condition)}
            assert strange <= OF_USERS, (name, seen)


@asynccontextmanager
async def _filled(url: str) -> AsyncIterator[AsyncConnection]:
    single = engine.single(parse(url))
    async with single.connect() as connection:
        for statement in (*_FILL, "ANALYZE", "SET enable_seqscan = off"):
            await connection.execute(text(statement))
        await connection.commit()
        yield connection
    await single.dispose()


async def add_project(uow: UnitOfWork, owner_id: UUID) -> UUID:
    columns = {"display_name": "Letters", "description": "", "color": "#000000", "archived": False}
    row = await uow.projects.add((owner_id, uuid4()), owner_id, columns)
    assert row is not None
    project_id: UUID = row.id
    return project_id


async def add_task(uow: UnitOfWork, owner_id: UUID, **columns: object) -> UUID:
    given = {"title": "Write", "description": "", "priority": "LOW", **columns}
    row = await uow.tasks.add(owner_id, uuid4(), owner_id, given)
    assert row is not None
    task_id: UUID = row.id
    return task_id
