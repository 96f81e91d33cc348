"""Every SQLSTATE that PostgreSQL answers becomes one domain error: raised by a real server, classified by us."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine, errors
from persistence.url import parse

RAISED = {
    "40001": errors.SerializationLost,
    "40P01": errors.SerializationLost,
    "0A000": errors.StaleStatement,
    "26000": errors.StaleStatement,
    "25006": errors.ConnectionLost,
    "55P03": errors.LockTimeout,
    "57014": errors.StatementTimeout,
    "53300": errors.DatabaseUnavailable,
    "57P01": errors.ConnectionLost,
    "57P02": errors.ConnectionLost,
    "57P03": errors.DatabaseUnavailable,
    "08006": errors.ConnectionLost,
    "22001": errors.InvalidValue,
    "22P02": errors.InvalidValue,
    "23505": errors.UniqueViolation,
    "23514": errors.CheckViolation,
}
UNKNOWN = ["42601", "42P01", "XX000", "P0001", "23503"]


async def _raised(connection: AsyncConnection, state: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught:
        await connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END $$"))
    return caught.value


@pytest.mark.parametrize("state", RAISED)
async def test_a_sqlstate_becomes_its_error(shared_connection: AsyncConnection, state: str) -> None:
    assert type(errors.translate(await _raised(shared_connection, state))) is RAISED[state]


@pytest.mark.parametrize("state", UNKNOWN)
async def test_a_sqlstate_that_says_a_bug_stays_what_it_is(shared_connection: AsyncConnection, state: str) -> None:
    error = await _raised(shared_connection, state)
    assert errors.translate(error) is error


@pytest.mark.parametrize("state", ["08006", "25006", "57P01", "57P03"])
async def test_after_these_the_connection_is_given_up(shared_connection: AsyncConnection, state: str) -> None:
    assert errors.is_lost(await _raised(shared_connection, state))


@pytest.mark.parametrize("state", ["40001", "55P03", "57014", "23505"])
async def test_after_these_the_connection_is_kept(shared_connection: AsyncConnection, state: str) -> None:
    assert not errors.is_lost(await _raised(shared_connection, state))


async def test_a_violation_names_its_constraint(shared_connection: AsyncConnection) -> None:
    with pytest.raises(DBAPIError) as caught:
        await shared_connection.execute(text("INSERT INTO schema_compatibility (oldest_release) VALUES ('0.1.0')"))
    violation = errors.translate(caught.value)
    assert isinstance(violation, errors.UniqueViolation)
    assert violation.constraint == "pk_schema_compatibility"


@pytest.mark.parametrize(
    "url",
    ["postgresql://taxiway@127.0.0.1:1/none", "postgresql://taxiway@/none?host=/nowhere"],
    ids=["nobody listens", "no socket"],
)
async def test_a_server_that_is_not_there_is_unavailable(url: str) -> None:
    single = engine.single(parse(url))
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which class it is, is the driver's matter
        async with single.connect():
            pass
    await single.dispose()
    assert isinstance(errors.translate(caught.value), errors.DatabaseUnavailable)


async def test_a_bug_is_no_error_of_the_database() -> None:
    bug = KeyError("bug")
    assert errors.translate(bug) is bug
