"""The connection that migrations run on: one at a time, patient with its statements, quick to give up a lock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine
from persistence.url import parse

LOCK_TIMEOUT = "4s"  # a migration that waits for a table lock makes all calls on that table wait behind it
_LIMITS = {
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "application_name": "taxiway db",
}
_TAKE_TURN = text("SELECT pg_try_advisory_lock(hashtextextended('taxiway migrations', 0))")
_TURN_POLL = 0.1  # seconds


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection of its own, as soon as no other migration of this database is under way.

    The turn ends with the connection. Raises UrlError, OSError, DBAPIError.
    """
    address = parse(url)
    given = address.connect_args.get("server_settings")
    settings = {**(given if isinstance(given, dict) else {}), **_LIMITS}
    single = engine.single(replace(address, connect_args={**address.connect_args, "server_settings": settings}))
    try:
        async with single.connect() as connection:
            await _wait_for_turn(connection)
            yield connection
    finally:
        await single.dispose()


async def _wait_for_turn(connection: AsyncConnection) -> None:
    """Asks again and again: a statement that waits holds a snapshot, for which CREATE INDEX CONCURRENTLY waits."""
    while True:
        mine = await connection.scalar(_TAKE_TURN)
        await connection.commit()
        if mine:
            return
        await asyncio.sleep(_TURN_POLL)
