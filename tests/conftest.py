"""The database of the tests: one server a session, one fresh copy of the migrated schema for each test that asks."""

import os
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from migrations import commands
from persistence import embedded, engine
from persistence.url import parse
from tests.persistence.embedded_watch import open_ground

# Tests fork this process, with gRPC's threads in it, to start servers: gRPC's own work at a fork must not run there.
# gRPC reads it when it is imported, which the tests do after this file.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

Databases = Callable[..., AbstractAsyncContextManager[str]]


def in_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    return re.sub(r"^([a-z+]+://[^/?]*/)[^?]*", lambda match: match[1] + name, url)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server whose account may create databases: the one of TAXIWAY_TEST_DATABASE_URL, else an embedded one."""
    given = os.environ.get("TAXIWAY_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # With a space in its name, so that nothing relies on there being none.
    with open_ground() as place, embedded.start(place / "embedded server", durable=False) as server:
        yield server.url


@pytest.fixture(scope="session")
async def administration(server_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections outside of any test's database, each statement its own transaction: CREATE DATABASE asks for that."""
    single = engine.single(parse(server_url)).execution_options(isolation_level="AUTOCOMMIT")
    yield single
    await single.dispose()


@pytest.fixture(scope="session")
async def databases(administration: AsyncEngine, server_url: str) -> Databases:
    """Makes databases: `async with databases(template="...") as url`, dropped at the end with whoever is in them."""
    numbers = iter(range(1_000_000))

    @asynccontextmanager
    async def database(template: str = "template0") -> AsyncIterator[str]:
        name = f"taxiway_test_{os.getpid()}_{next(numbers)}"
        async with administration.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        try:
            yield in_database(server_url, name)
        finally:
            async with administration.connect() as connection:
                await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    return database


@pytest.fixture(scope="session")
async def migrated_template(databases: Databases) -> AsyncIterator[str]:
    """The name of a database with the newest schema and no rows, to be copied."""
    async with databases() as url:
        await commands.upgrade(url)
        yield str(parse(url).url.database)


@pytest.fixture
async def database_url(databases: Databases, migrated_template: str) -> AsyncIterator[str]:
    """A fresh database with the newest schema, for one test."""
    async with databases(template=migrated_template) as url:
        yield url


@pytest.fixture
async def empty_database_url(databases: Databases) -> AsyncIterator[str]:
    """A fresh database without any table, for one test."""
    async with databases() as url:
        yield url


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection to this test's database; what it leaves uncommitted is rolled back."""
    single = engine.single(parse(database_url))
    async with single.connect() as opened:
        yield opened
    await single.dispose()


@pytest.fixture(scope="session")
async def shared_database_url(databases: Databases, migrated_template: str) -> AsyncIterator[str]:
    """One database with the newest schema for all tests that commit nothing: ten times as fast as a fresh one."""
    async with databases(template=migrated_template) as url:
        yield url


@pytest.fixture
async def shared_connection(shared_database_url: str) -> AsyncIterator[AsyncConnection]:
    """A connection to the shared database: whatever is done in it must be rolled back, and is."""
    single = engine.single(parse(shared_database_url))
    async with single.connect() as opened:
        yield opened
    await single.dispose()
