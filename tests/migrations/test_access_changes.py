"""Whoever loses or gains rights is written down at the commit, by whatever hand it was done."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

ALICE, BOB = UUID(int=1), UUID(int=2)
USER = """
    INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by)
    VALUES (:id, :name, :name, '', 'UTC', 'SERVICE', :id, :id)"""
SESSION = """
    INSERT INTO sessions (id, user_id, token_hash, user_agent, peer, idle_expire_at, expire_at)
    SELECT gen_random_uuid(), :id, sha256('x'), '', '', now() + interval '1 day', now() + interval '1 day'"""
KEY = """
    INSERT INTO api_keys (id, user_id, display_name, token_hash, scopes, created_by)
    VALUES (gen_random_uuid(), :id, '', sha256('x'), '{tasks.read}', :id)"""
SIGNING_KEY = """
    INSERT INTO signing_keys (kid, state, public_key, private_key)
    VALUES (repeat('k', 43), 'CURRENT', sha256('x'), sha256('x') || sha256('y'))"""


async def make_accounts(connection: AsyncConnection) -> None:
    """Two services, each with a session and a key, and a signing key; nothing is written down yet."""
    for user, name in ((ALICE, "alice"), (BOB, "bob")):
        await connection.execute(text(USER), {"id": user, "name": name})
        await connection.execute(text(SESSION), {"id": user})
        await connection.execute(text(KEY), {"id": user})
    await connection.execute(text(SIGNING_KEY))
    await written_down(connection)
    await connection.execute(text("DELETE FROM access_changes"))


@pytest.fixture
async def accounts(shared_connection: AsyncConnection) -> AsyncConnection:
    """Never committed: what waits for the commit is made to happen at once."""
    await make_accounts(shared_connection)
    return shared_connection


async def written_down(connection: AsyncConnection, *statements: str) -> set[UUID | None]:
    for statement in (*statements, "SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED"):
        await connection.execute(text(statement))
    return set((await connection.scalars(text("SELECT user_id FROM access_changes"))).all())


OF_ALICE = f"WHERE id = '{ALICE}'"
KEY_OF_ALICE = f"WHERE user_id = '{ALICE}'"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE users SET state = 'SUSPENDED' {OF_ALICE}",
        f"UPDATE users SET role = 'ADMIN', email = 'a@b', email_key = 'a@b' {OF_ALICE}",
        f"UPDATE users SET deleted_at = now(), purge_at = now() {OF_ALICE}",
        f"UPDATE users SET scopes = '{{users.read}}' {OF_ALICE}",
        f"UPDATE users SET certificate_uris = '{{spiffe://a/b}}' {OF_ALICE}",
        f"DELETE FROM users {OF_ALICE}",
        f"DELETE FROM sessions {KEY_OF_ALICE}",
        f"DELETE FROM api_keys {KEY_OF_ALICE}",
        f"UPDATE api_keys SET scopes = '{{}}' {KEY_OF_ALICE}",
        f"UPDATE api_keys SET expire_at = now() {KEY_OF_ALICE}",
    ],
)
async def test_a_change_of_rights_by_plain_sql_names_the_account(accounts: AsyncConnection, statement: str) -> None:
    assert await written_down(accounts, statement) == {ALICE}


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE users SET display_name = 'Alice' {OF_ALICE}",
        f"UPDATE users SET state = 'ACTIVE' {OF_ALICE}",
        f"UPDATE sessions SET last_use_at = now(), token_hash = sha256('y') {KEY_OF_ALICE}",
        f"UPDATE api_keys SET last_use_at = now() {KEY_OF_ALICE}",
    ],
)
async def test_what_changes_no_rights_is_not_written_down(accounts: AsyncConnection, statement: str) -> None:
    assert await written_down(accounts, statement) == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE signing_keys SET state = 'RETIRED', retired_at = now()",
        "DELETE FROM signing_keys",
        SIGNING_KEY.replace("'k'", "'n'").replace("'CURRENT'", "'NEXT'"),
        "TRUNCATE signing_keys",
    ],
)
async def test_a_change_of_the_signing_keys_names_nobody(accounts: AsyncConnection, statement: str) -> None:
    assert await written_down(accounts, statement) == {None}


@pytest.mark.parametrize("table", ["sessions", "api_keys", "users CASCADE"])
async def test_truncate_names_all(accounts: AsyncConnection, table: str) -> None:
    """No rule of rows sees it: `TRUNCATE sessions` is how one signs everybody out."""
    assert await written_down(accounts, f"TRUNCATE {table}") == {ALICE, BOB}


async def test_a_session_that_ended_long_ago_goes_without_a_word(accounts: AsyncConnection) -> None:
    """The purge may remove a hundred thousand of them: no worker is to read that four times a second."""
    past = "UPDATE sessions SET idle_expire_at = now() - interval '61 minutes'"
    assert await written_down(accounts, past, "DELETE FROM sessions") == set()


async def test_it_is_dated_by_the_commit_and_not_by_the_statement(connection: AsyncConnection) -> None:
    """Whoever suspends an account by hand and looks twice before COMMIT is heard all the same."""
    await make_accounts(connection)
    await connection.commit()
    await connection.execute(text(f"UPDATE users SET state = 'SUSPENDED' {OF_ALICE}"))
    about_to_commit = await connection.scalar(text("SELECT clock_timestamp()"))
    await connection.commit()
    found = (await connection.execute(text("SELECT user_id, created_at FROM access_changes"))).one()
    assert found.user_id == ALICE
    assert found.created_at > about_to_commit


async def test_a_table_of_the_same_name_earlier_in_the_search_path_does_not_mislead(accounts: AsyncConnection) -> None:
    await accounts.execute(text("CREATE SCHEMA misleading"))
    await accounts.execute(text("CREATE TABLE misleading.access_changes (LIKE access_changes INCLUDING ALL)"))
    await accounts.execute(text("SET LOCAL search_path = misleading, public"))
    assert await written_down(accounts, f"UPDATE users SET state = 'SUSPENDED' {OF_ALICE}") == set()
    assert await written_down(accounts, "SET LOCAL search_path = public") == {ALICE}
