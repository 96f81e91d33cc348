"""`audit_log` is append-only: nobody changes a line, and nobody removes one before its time."""

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

LINE = """
    INSERT INTO audit_log (id, event, method, reason, created_at)
    VALUES (:id, 'SIGN_IN', '', '', now() - CAST(:age AS text)::interval)"""


async def line(connection: AsyncConnection, age: str) -> None:
    await connection.execute(text(LINE), {"id": uuid4(), "age": age})


@pytest.mark.parametrize(
    ("statement", "verb"),
    [
        ("UPDATE audit_log SET reason = 'other'", "UPDATE"),
        ("UPDATE audit_log SET reason = 'other' WHERE false", "UPDATE"),
        ("DELETE FROM audit_log", "DELETE"),
        ("TRUNCATE audit_log", "TRUNCATE"),
        (
            "INSERT INTO audit_log (id, event, method, reason) SELECT id, event, '', '' FROM audit_log"
            " ON CONFLICT (id) DO UPDATE SET reason = 'other'",
            "UPDATE",
        ),
    ],
)
async def test_a_line_is_neither_changed_nor_removed(
    shared_connection: AsyncConnection, statement: str, verb: str
) -> None:
    await line(shared_connection, "364 days 23 hours")
    with pytest.raises(DBAPIError, match=f"audit_log is append-only: {verb} is refused"):
        await shared_connection.execute(text(statement))


async def test_a_line_past_its_retention_may_be_removed_and_not_changed(shared_connection: AsyncConnection) -> None:
    await line(shared_connection, "365 days 1 second")
    removed = await shared_connection.execute(text("DELETE FROM audit_log RETURNING id"))
    assert len(removed.all()) == 1
    await line(shared_connection, "365 days 1 second")
    with pytest.raises(DBAPIError, match="UPDATE is refused"):
        await shared_connection.execute(text("UPDATE audit_log SET reason = 'other'"))


async def test_one_line_that_is_too_young_keeps_all(shared_connection: AsyncConnection) -> None:
    await line(shared_connection, "400 days")
    await line(shared_connection, "1 day")
    savepoint = await shared_connection.begin_nested()
    with pytest.raises(DBAPIError, match="DELETE is refused"):
        await shared_connection.execute(text("DELETE FROM audit_log"))
    await savepoint.rollback()
    assert await shared_connection.scalar(text("SELECT count(*) FROM audit_log")) == 2
