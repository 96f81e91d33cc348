"""Rows that another transaction holds, so that calls wait for as long as a test wants them to."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg


@asynccontextmanager
async def hold_row(database_url: str, names: Sequence[str]) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """Holds the rows of these tasks until the end of the context."""
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            ids = [UUID(name.rpartition("/")[2]) for name in names]
            await connection.execute("SELECT FROM tasks WHERE id = ANY($1) FOR UPDATE", ids)
            yield connection
    finally:
        await connection.close()


async def waiting_for_locks(connection: "asyncpg.Connection[asyncpg.Record]", calls: int) -> bool:
    """Whether that many of the service's statements wait for a lock."""
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return bool(await connection.fetchval(waiting) == calls)
