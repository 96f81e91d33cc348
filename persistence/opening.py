"""Opens the database for serving: is it there, is it new enough, how many connections may be used."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import engine as engines
from persistence import url as urls
from persistence.database import Database
from persistence.pulse import PATIENCE, Pulse
from persistence.purge import purge
from persistence.revision import check as check_revision
from persistence.url import DatabaseUrl

OLDEST_SERVER = 150000  # PostgreSQL 15, as `server_version_num` puts it
POOL_MOST = 10
PURGE_AFTER, PURGE_INTERVAL = 5, 60  # seconds: not before the start has found the database fit, then each minute
POOL_SHARE = 0.8  # of the server's connections, for all workers together

_SAID = {
    "28P01": "refuses the account or its password",
    "28000": "refuses the account or its password",
    "3D000": "has no database of that name",
    "53300": "has no connection left",
    "57P03": "is starting up or shutting down; try again in a moment",
    "42501": "does not give the account the rights that it needs",
}

_LOG = logging.getLogger("taxiway.database")


class OpenError(Exception):
    """Why the database cannot serve: one sentence, without the password and without the server's own words."""


@dataclass(frozen=True, slots=True)
class Release:
    """What this release brings: its own number, and that of its newest migration."""

    number: str
    revision: str


@asynccontextmanager
async def open_database(
    location: str, keys: Sequence[bytes], release: Release, *, pooler: bool = False, purging: bool = True
) -> AsyncIterator[Database]:
    """The database at the URL `location`, for as long as the context lasts, with its pings and its purge.

    Raises UrlError, OpenError, SchemaError: each is one sentence for the operator.
    """
    url = urls.parse(location)
    async with AsyncExitStack() as stack:
        size = await _inspect(url, release, pooler=pooler)
        engine = engines.serving(url, size, pooler=pooler)
        stack.push_async_callback(engine.dispose)
        database = Database(engine, Pulse(engines.single(url, PATIENCE, pooler=pooler)), keys, pooler=pooler)
        database.pulse.seen()
        work = [database.pulse.beat()] + ([_purge_each_minute(engines.single(url, pooler=pooler))] if purging else [])
        for coroutine in work:
            stack.push_async_callback(_end, asyncio.create_task(coroutine))
        yield database


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels until it ends: an error while a connection is given up can take the place of one CancelledError."""
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=0.05)


async def _purge_each_minute(engine: AsyncEngine) -> None:
    await asyncio.sleep(PURGE_AFTER)
    while True:
        try:
            removed = await purge(engine)
            if removed.total:
                _LOG.info("purged %s", removed.rows)
        except Exception:  # noqa: BLE001 - a purge that fails must not end the service; it is logged and tried again
            _LOG.warning("the purge failed and is tried again in %d seconds", PURGE_INTERVAL, exc_info=True)
        await asyncio.sleep(PURGE_INTERVAL)


async def _inspect(url: DatabaseUrl, release: Release, *, pooler: bool) -> int:
    engine = engines.single(url, engines.CEILING, pooler=pooler)
    try:
        return await _first_look(engine, release)
    except Exception as error:
        sentence = _sentence(url, error)
        if sentence is None:
            raise
        raise OpenError(sentence) from None
    finally:
        await engine.dispose()


async def _first_look(engine: AsyncEngine, release: Release) -> int:
    """Answers how many connections the pool of this worker may hold."""
    async with engine.connect() as connection:
        version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
        if version < OLDEST_SERVER:
            raise OpenError(f"The server is PostgreSQL {version // 10000}; Taxiway needs PostgreSQL 15 or newer.")
        warning = await check_revision(connection, release.revision, release.number)
        if warning is not None:
            _LOG.warning(warning)
        most = int((await connection.execute(text("SHOW max_connections"))).scalar_one())
    size = max(1, min(POOL_MOST, int(most * POOL_SHARE)))
    _LOG.info("the pool holds up to %d of the server's %d connections", size, most)
    return size


def _sentence(url: DatabaseUrl, error: Exception) -> str | None:
    """One sentence for what keeps a connection from being made; None for what is a bug or says it already itself."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    if state in _SAID:
        return f"The database server at {url} {_SAID[state]}."
    if isinstance(state, str):
        return f"The database server at {url} answers with SQLSTATE {state}."
    if isinstance(error, TimeoutError):
        return f"The database server at {url} does not answer within {engines.CONNECT_WAIT} seconds."
    if isinstance(error, OSError):
        return f"No database server answers at {url} ({type(error).__name__}); is it running, is the address right?"
    if isinstance(cause, (asyncpg.InterfaceError, asyncpg.ClientConfigurationError)):
        return f"The database server at {url} does not accept the connection; check the parameters of the URL."
    return None
