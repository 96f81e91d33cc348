"""The purge of what access leaves behind: sessions, tokens, keys, attempts and log lines, each at its time."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import engine
from persistence.purge import purge
from persistence.url import parse

ROBOT = UUID(int=1)
USER = """
    INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
    VALUES (:id, 'robot', 'robot', '', 'UTC', 'SERVICE', :id, :id)"""
# Of each a row that is due and one that is not: `:moment` is a second past the limit, or a minute before it.
ROWS = {
    "sessions": (
        "INSERT INTO sessions (id, user_id, token_hash, user_agent, peer, idle_expire_at, expire_at) SELECT"
        " gen_random_uuid(), :id, sha256('x'), '', '', {moment}, {moment} + interval '1 day'",
        "0",
    ),
    "api_keys": (
        "INSERT INTO api_keys (id, user_id, display_name, token_hash, scopes, created_by, expire_at)"
        " SELECT gen_random_uuid(), :id, '', sha256('x'), '{{}}', :id, {moment}",
        "30 days",
    ),
    "sign_in_attempts": (
        "INSERT INTO sign_in_attempts (key, failures, blocked_until, expire_at)"
        " SELECT sha256(CAST(CAST({moment} AS text) AS bytea)), 1, now(), {moment} WHERE CAST(:id AS uuid) IS NOT NULL",
        "0",
    ),
    "signing_keys": (
        "INSERT INTO signing_keys (kid, state, public_key, private_key, retired_at) SELECT"
        " left(encode(sha256(CAST(CAST({moment} AS text) AS bytea)), 'hex'), 43), 'RETIRED', sha256('x'),"
        " sha512('x'), {moment} WHERE CAST(:id AS uuid) IS NOT NULL",
        "1 hour",
    ),
    "access_changes": ("INSERT INTO access_changes (user_id, created_at) SELECT :id, {moment}", "1 hour"),
    "audit_log": (
        "INSERT INTO audit_log (id, event, subject_id, method, reason, created_at)"
        " SELECT gen_random_uuid(), 'SIGN_IN', :id, '', '', {moment}",
        "365 days",
    ),
}
RESET = """
    INSERT INTO password_resets (user_id, token_hash, expire_at, created_by)
    SELECT :id, sha256('x'), now() + CAST(:left AS text)::interval, :id"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[AsyncEngine]:
    single = engine.single(parse(database_url))
    yield single
    await single.dispose()


@pytest.fixture
async def robot(connection: AsyncConnection) -> AsyncConnection:
    await connection.execute(text(USER), {"id": ROBOT})
    await connection.commit()
    return connection


async def _count(connection: AsyncConnection, table: str) -> int:
    return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_each_goes_at_its_time_and_not_before(robot: AsyncConnection, pool: AsyncEngine) -> None:
    for statement, age in ROWS.values():
        for shift in ("- interval '1 second'", "+ interval '1 minute'"):
            moment = f"(now() - interval '{age}' {shift})"
            await robot.execute(text(statement.format(moment=moment)), {"id": ROBOT})
    # What the signing keys wrote down at their making is as old as the test wants it.
    await robot.commit()
    await robot.execute(text("DELETE FROM access_changes WHERE created_at > now() - interval '50 minutes'"))
    await robot.commit()
    removed = (await purge(pool)).rows
    for table in ROWS:
        assert removed[table] == 1, table
    left = {table: await _count(robot, table) for table in ROWS}
    assert left.pop("access_changes") >= 1, "the purge of sessions and keys writes lines of its own"
    assert set(left.values()) == {1}


@pytest.mark.parametrize(("left", "removed"), [("-1 second", 1), ("1 minute", 0)])
async def test_a_reset_token_goes_when_it_has_ended(
    robot: AsyncConnection, pool: AsyncEngine, left: str, removed: int
) -> None:
    await robot.execute(text(RESET), {"id": ROBOT, "left": left})
    await robot.commit()
    assert (await purge(pool)).rows["password_resets"] == removed


async def test_what_never_ends_by_itself_stays(robot: AsyncConnection, pool: AsyncEngine) -> None:
    """A key without an end, and the keys that sign and will sign."""
    key, _ = ROWS["api_keys"]
    await robot.execute(text(key.format(moment="CAST(NULL AS timestamptz)")), {"id": ROBOT})
    signing = "INSERT INTO signing_keys (kid, state, public_key, private_key) SELECT repeat('k', 43), 'CURRENT',"
    await robot.execute(text(f"{signing} sha256('x'), sha512('x')"))
    await robot.commit()
    assert (await purge(pool)).total == 0


async def test_an_account_that_goes_leaves_a_line_in_the_audit_log(robot: AsyncConnection, pool: AsyncEngine) -> None:
    lines = text("SELECT event::text, actor_id, subject_id, method, reason, substr(id::text, 15, 1) FROM audit_log")
    assert (await purge(pool)).rows["users"] == 0
    assert (await robot.execute(lines)).all() == []
    await robot.execute(text("UPDATE users SET deleted_at = now(), purge_at = now()"))
    await robot.commit()
    assert (await purge(pool)).rows["users"] == 1
    assert (await robot.execute(lines)).all() == [("USER_PURGED", None, ROBOT, "", "", "7")]


async def test_the_secrets_of_an_account_go_with_it(robot: AsyncConnection, pool: AsyncEngine) -> None:
    for table in ("sessions", "api_keys"):
        statement, _ = ROWS[table]
        await robot.execute(text(statement.format(moment="(now() + interval '9 days')")), {"id": ROBOT})
    await robot.execute(text(RESET), {"id": ROBOT, "left": "1 day"})
    await robot.execute(text("INSERT INTO credentials (user_id, password_hash) VALUES (:id, 'x')"), {"id": ROBOT})
    await robot.execute(text("UPDATE users SET deleted_at = now(), purge_at = now()"))
    await robot.commit()
    assert (await purge(pool)).rows["users"] == 1
    tables = ("users", "sessions", "api_keys", "password_resets", "credentials")
    assert [await _count(robot, table) for table in tables] == [0] * 5
