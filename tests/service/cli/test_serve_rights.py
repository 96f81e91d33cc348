"""`taxiway serve` on a database that does not let it write says so in one sentence, and makes nothing there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.e2e.rows import run, select
from tests.e2e.service_process import KEY
from tests.service.cli.command import fault

Grant = Callable[[str], Awaitable[str]]
ROLE = "taxiway_test_without_rights"
REVISION = f"GRANT SELECT ON alembic_version TO {ROLE}"


@pytest.fixture
async def as_role(database_url: str) -> AsyncIterator[Grant]:
    """Gives a new account one right, and answers the database as it sees it."""
    await run(database_url, f"CREATE ROLE {ROLE}")

    async def grant(statement: str) -> str:
        await run(database_url, *([statement] if statement else []))
        return with_option(database_url, f"role={ROLE}")

    yield grant
    await run(database_url, f"DROP OWNED BY {ROLE}", f"DROP ROLE {ROLE}")


def with_option(url: str, option: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}options=-c%20{option.replace('=', '%3D')}"


@pytest.mark.parametrize(
    ("rights", "named"),
    [(REVISION, "give the account the rights on all tables"), ("", "the rights that it needs")],
    ids=["but to see the revision", "at all"],
)
async def test_an_account_without_rights_is_one_sentence(
    as_role: Grant, tmp_path: Path, rights: str, named: str
) -> None:
    said = fault("serve", cwd=tmp_path, database_url=await as_role(rights), secret_key=KEY)
    assert said.count("\n") == 0
    assert named in said


async def test_a_database_that_takes_no_writes_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    """It has no signing keys yet, which the start would make."""
    url = with_option(database_url, "default_transaction_read_only=on")
    said = fault("serve", cwd=tmp_path, database_url=url, secret_key=KEY)
    assert said.count("\n") == 0
    assert "name a server that takes writes" in said
    assert await select(database_url, "SELECT kid FROM signing_keys") == []
