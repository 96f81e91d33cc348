"""What the database holds, seen from beside the service: so that a test can say that nothing was written."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from persistence import engine
from persistence.url import parse

TABLES = ("users", "tasks", "requests")


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
    """For each table how many rows it has, and a digest of all that is in them."""
    digest = "SELECT '{0}', count(*), md5(string_agg(r::text, '|' ORDER BY r::text)) FROM {0} r"
    return await select(database_url, " UNION ALL ".join(digest.format(table) for table in TABLES))


@asynccontextmanager
async def unchanged(database_url: str) -> AsyncIterator[None]:
    """Fails where the database holds something else afterwards."""
    before = await contents(database_url)
    yield
    assert await contents(database_url) == before, "nothing is written"
