"""What the database holds, seen from beside the service: so that a test can say that nothing was written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from persistence import engine
from persistence.url import parse

# What calls write on purpose. Attempts to sign in and the audit log are written by refusals too.
TABLES = (
    *("users", "tasks", "projects", "tags", "requests"),
    *("credentials", "password_resets", "sessions", "api_keys", "signing_keys"),
)


async def run(database_url: str, *statements: str) -> None:
    """Runs SQL, in one transaction."""
    single = engine.single(parse(database_url))
    try:
        async with single.begin() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)
    finally:
        await single.dispose()


async def select(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of one SELECT."""
    single = engine.single(parse(database_url))
    try:
        async with single.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]
    finally:
        await single.dispose()


async def contents(database_url: str) -> list[tuple[Any, ...]]:
    """For each table how many rows it has, and a digest of all in them but the time of use, which comes by the way."""
    rows = "SELECT (to_jsonb(r) - 'last_use_at')::text AS r FROM {0} r"
    digest = f"SELECT '{{0}}', count(*), md5(string_agg(r, '|' ORDER BY r)) FROM ({rows}) AS every"
    return await select(database_url, " UNION ALL ".join(digest.format(table) for table in TABLES))


@asynccontextmanager
async def unchanged(database_url: str) -> AsyncIterator[None]:
    """Fails where the database holds something else afterwards."""
    before = await contents(database_url)
    yield
    assert await contents(database_url) == before, "nothing is written"
