"""Who is not let in costs the same work, whatever the reason: the same statements, and one password compared."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from persistence.database import Database
from service.errors import TooManyAttempts, Unauthenticated
from tests.e2e.rows import run, select
from tests.service.auth_parts import LIMIT, PASSWORD, Parts, as_call, login, parts

# Kind of account -> what makes it so, and the password that is tried.
KINDS = {
    "wrong password": ("SELECT 1", "seventeen blue herons"),
    "unknown": ("UPDATE users SET username = 'bea', username_key = 'bea'", PASSWORD),
    "suspended": ("UPDATE users SET state = 'SUSPENDED'", PASSWORD),
    "deleted": ("UPDATE users SET deleted_at = now(), purge_at = now() + interval '30 days'", PASSWORD),
    "without a password": ("DELETE FROM credentials", PASSWORD),
    "a service": ("UPDATE users SET role = 'SERVICE'", PASSWORD),
}


@pytest.fixture
async def auth(database_url: str) -> AsyncIterator[Parts]:
    async with parts(database_url) as made:
        yield made


@contextmanager
def statements(db: Database) -> Iterator[list[str]]:
    """The texts of all statements of the calls meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = db._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def refused(auth: Parts, password: str) -> tuple[list[str], str]:
    as_call()
    with statements(auth.db) as seen, pytest.raises(Unauthenticated) as refusal:
        await auth.signing_in.sign_in(login("ada", password))
    assert refusal.value.noted, "the chain need not record it again"
    return seen, str(refusal.value)


async def made_to_wait(auth: Parts, password: str) -> list[str]:
    for _ in range(LIMIT):
        await refused(auth, password)
    with statements(auth.db) as seen, pytest.raises(TooManyAttempts):
        await auth.signing_in.sign_in(login("ada", password))
    return seen


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refused_sign_in_does_the_same_for_every_kind_of_account(
    auth: Parts, database_url: str, kind: str
) -> None:
    await auth.person("ada")
    expected = await refused(auth, KINDS["wrong password"][1])
    assert len(expected[0]) == 3, "the account is read, an attempt is counted, the failure is recorded"
    statement, password = KINDS[kind]
    await run(database_url, statement)
    auth.passwords.compared.clear()
    assert await refused(auth, password) == expected
    assert len(auth.passwords.compared) == 1
    assert (auth.passwords.compared[0] is None) == (kind != "wrong password")


@pytest.mark.parametrize("kind", KINDS)
async def test_who_has_to_wait_is_refused_by_the_same_statements_for_every_kind_of_account(
    auth: Parts, database_url: str, kind: str
) -> None:
    await auth.person("ada")
    expected = await made_to_wait(auth, KINDS["wrong password"][1])
    assert len(expected) == 3, "the account is read, no attempt is counted, the wait is read"
    statement, password = KINDS[kind]
    await run(database_url, statement)
    await run(database_url, "DELETE FROM sign_in_attempts")
    assert await made_to_wait(auth, password) == expected


@pytest.mark.parametrize("kind", KINDS)
async def test_a_failure_is_recorded_with_the_account_where_there_is_one(
    auth: Parts, database_url: str, kind: str
) -> None:
    user_id = await auth.person("ada")
    await run(database_url, KINDS[kind][0])
    await refused(auth, KINDS[kind][1])
    subject = None if kind in ("unknown", "deleted") else user_id
    columns = "event::text, actor_id, subject_id, object_id"
    method = "taxiway.v1.AuthService/Tested"
    recorded = await select(database_url, f"SELECT {columns} FROM audit_log WHERE method = '{method}'")
    assert recorded == [("SIGN_IN_FAILED", None, subject, None)]
