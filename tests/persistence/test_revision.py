"""At start the service looks whether the database is one that it can run on (database.md, Migrations)."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations import head
from persistence.revision import SchemaError, check, current

RELEASE = "0.1.0"


async def at(connection: AsyncConnection, revision: str, oldest_release: str = RELEASE) -> AsyncConnection:
    await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    await connection.execute(text("UPDATE schema_compatibility SET oldest_release = :it"), {"it": oldest_release})
    return connection


async def test_the_own_revision_is_fine(shared_connection: AsyncConnection) -> None:
    assert await current(shared_connection) == head()
    assert await check(shared_connection, head(), RELEASE) is None


async def test_an_older_database_is_refused_and_the_command_named(shared_connection: AsyncConnection) -> None:
    sentence = r"^The database is at revision 0003, older than 0004: run `taxiway db upgrade`\.$"
    with pytest.raises(SchemaError, match=sentence):
        await check(await at(shared_connection, "0003"), "0004", RELEASE)


async def test_a_newer_database_is_a_warning(shared_connection: AsyncConnection) -> None:
    warning = await check(await at(shared_connection, "0005"), "0004", RELEASE)
    assert warning == "The database is at revision 0005, newer than 0004, and allows this release 0.1.0."


@pytest.mark.parametrize("release", ["0.10.0", "0.10.0.dev1", "0.10.1", "1.0.0"])
async def test_a_newer_database_allows_the_oldest_release_it_names_and_later_ones(
    shared_connection: AsyncConnection, release: str
) -> None:
    """0.10 comes after 0.9: releases are compared as numbers."""
    assert await check(await at(shared_connection, "0005", "0.10.0"), "0004", release)


@pytest.mark.parametrize("release", ["0.9.9", "0.2.0", "0.10"])
async def test_a_newer_database_that_asks_for_a_later_release_is_refused(
    shared_connection: AsyncConnection, release: str
) -> None:
    with pytest.raises(SchemaError, match=r"newer than 0004, and asks for release 0\.10\.0 or later: this is"):
        await check(await at(shared_connection, "0005", "0.10.0"), "0004", release)


async def test_a_newer_database_that_does_not_say_whom_it_allows_is_refused(shared_connection: AsyncConnection) -> None:
    connection = await at(shared_connection, "0005")
    await connection.execute(text("DELETE FROM schema_compatibility"))
    with pytest.raises(SchemaError, match="does not say which releases"):
        await check(shared_connection, "0004", RELEASE)
    await shared_connection.execute(text("INSERT INTO schema_compatibility (oldest_release) VALUES ('later')"))
    with pytest.raises(SchemaError, match=r"^later is not the number of a release\.$"):
        await check(shared_connection, "0004", RELEASE)


EMPTY = r"^The database is empty: run `taxiway db upgrade`\.$"
FOREIGN = "^The database belongs to another program: "
VERSIONS = "CREATE TABLE alembic_version (version_num text)"


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        ([], EMPTY),
        ([VERSIONS], EMPTY),
        (["CREATE TABLE other (id int)"], EMPTY),
        (["CREATE TABLE users (id int)"], f"{FOREIGN}it has a table users and no migrations"),
        ([VERSIONS, "CREATE TABLE tasks (id int)"], f"{FOREIGN}it has a table tasks and no migrations"),
        (
            [VERSIONS, "INSERT INTO alembic_version VALUES ('1975ea83b712')"],
            f"{FOREIGN}its migrations are not Taxiway's",
        ),
        ([VERSIONS, "INSERT INTO alembic_version VALUES ('0001'), ('0002')"], f"{FOREIGN}its migrations are not"),
        (
            [VERSIONS, "INSERT INTO alembic_version VALUES ('0001')"],
            f"{FOREIGN}it has migrations and no schema_compatib",
        ),
    ],
)
async def test_an_empty_database_is_told_from_a_foreign_one(
    shared_connection: AsyncConnection, statements: list[str], sentence: str
) -> None:
    """A schema that is alone in the search path is an empty database to the check, and made in no time."""
    for statement in ("CREATE SCHEMA scratch", "SET LOCAL search_path = scratch", *statements):
        await shared_connection.execute(text(statement))
    with pytest.raises(SchemaError, match=sentence):
        await check(shared_connection, head(), RELEASE)
