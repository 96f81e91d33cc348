"""`taxiway db rotate-keys` seals everything anew with the newest secret key, so that the old one opens nothing more."""

from __future__ import annotations

import base64
import os
import pty
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import pytest

import migrations
from persistence.database import Database
from persistence.opening import Release, open_database
from persistence.paging import PageQuery
from persistence.unit_of_work import UnitOfWork
from service.credentials.signing_keys import ensure_keys
from service.identifiers import new_id
from tests.e2e.rows import select
from tests.service.cli.command import environment, fault, taxiway

OLD, NEW, OTHER = bytes(32), bytes(range(32)), bytes(range(1, 33))
PHONE = "+4930123456"
ACCOUNTS = 501  # one more than a transaction of the command takes
STATE = "SELECT id, version, updated_at FROM users ORDER BY id"
ENDED = "SELECT actor_id, subject_id, reason FROM audit_log WHERE event = 'SECRET_KEYS_ROTATED'"

Answer = TypeVar("Answer")


def written(*keys: bytes) -> str:
    """The keys as the setting has them."""
    return ",".join(base64.urlsafe_b64encode(key).decode() for key in keys)


@asynccontextmanager
async def opened(url: str, *keys: bytes) -> AsyncIterator[Database]:
    async with open_database(url, keys, Release(version("taxiway"), migrations.head()), purging=False) as db:
        yield db


async def on(url: str, *keys: bytes, work: Callable[[UnitOfWork, None, None], Awaitable[Answer]]) -> Answer:
    async with opened(url, *keys) as db:
        return await db.change(work, None, None)


async def _fill(uow: UnitOfWork, _caller: None, _command: None) -> None:
    await ensure_keys(uow, None, None)
    for number in range(ACCOUNTS):
        user_id, name = new_id(), f"user-{number}"
        names = {"username": name, "username_key": name, "email": f"{name}@a.b", "email_key": f"{name}@a.b"}
        texts = {"display_name": "", "time_zone": "UTC", "role": "USER", "annotations": {}, "phone_number": PHONE}
        await uow.users.add(user_id, user_id, {**names, **texts})


async def _phones(uow: UnitOfWork, _caller: None, _command: None) -> set[str]:
    return {row.phone_number for row in (await uow.user_pages.page(PageQuery(1000))).rows}


async def _kids(uow: UnitOfWork, _caller: None, _command: None) -> set[str]:
    return {key.kid for key in await uow.signing_keys.all()}


async def _first_batch(uow: UnitOfWork, _caller: None, _command: None) -> tuple[UUID | None, int]:
    return await uow.users.reseal(None, 200)


@pytest.fixture
async def filled(database_url: str) -> str:
    """A database that knows the old key alone."""
    await on(database_url, OLD, work=_fill)
    return database_url


async def test_afterwards_the_newest_key_alone_opens_everything_and_no_version_changed(
    filled: str, tmp_path: Path
) -> None:
    state, kids = await select(filled, STATE), await on(filled, OLD, work=_kids)
    ended = taxiway("db", "rotate-keys", cwd=tmp_path, database_url=filled, secret_key=written(NEW, OLD))
    assert ended.returncode == 0, ended
    first, second = ended.stdout.splitlines()
    assert first == f"Sealed anew with the newest secret key: 2 signing keys, personal data of {ACCOUNTS} accounts."
    assert "24 hours" in second
    assert await on(filled, NEW, work=_phones) == {PHONE}
    assert await on(filled, NEW, work=_kids) == kids
    assert await select(filled, STATE) == state
    assert [tuple(line) for line in await select(filled, ENDED)] == [(None, None, "")]


async def test_one_that_was_interrupted_goes_on_and_another_finds_nothing_to_do(filled: str, tmp_path: Path) -> None:
    assert (await on(filled, NEW, OLD, work=_first_batch))[1] == 200
    said = [_counts(filled, tmp_path) for _ in range(2)]
    assert said == [(2, ACCOUNTS - 200), (0, 0)]


def _counts(url: str, cwd: Path) -> tuple[int, int]:
    ended = taxiway("db", "rotate-keys", cwd=cwd, database_url=url, secret_key=written(NEW, OLD))
    keys, accounts = [int(word) for word in ended.stdout.splitlines()[0].split() if word.isdigit()]
    return keys, accounts


def test_a_terminal_sees_how_far_it_is(filled: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    settings = {"database_url": filled, "secret_key": written(NEW, OLD), "log_level": "error"}
    command = [sys.executable, "-m", "service", "db", "rotate-keys"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment(settings), stdout=subprocess.PIPE, stderr=theirs, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert ended.returncode == 0
    assert shown.split("\r")[1:3] == ["500 accounts", f"{ACCOUNTS} accounts"]


async def test_a_key_that_is_missing_is_one_sentence_and_nothing_is_changed(filled: str, tmp_path: Path) -> None:
    said = fault("db", "rotate-keys", cwd=tmp_path, database_url=filled, secret_key=written(NEW, OTHER))
    assert said.count("\n") == 0
    assert "sealed with another secret key" in said
    assert await on(filled, OLD, work=_phones) == {PHONE}
    assert await select(filled, ENDED) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"database_url": "postgresql://a:b@127.0.0.1:1/c", "secret_key": written(NEW, OLD)}, "127.0.0.1:1/c"),
        ({"database_url": "postgresql://a:b@127.0.0.1:1/c"}, "TAXIWAY_SECRET_KEY_FILE"),
        ({"mode": "production"}, "TAXIWAY_DATABASE_URL"),
    ],
    ids=["down", "no key", "production"],
)
def test_a_fault_is_one_sentence(settings: dict[str, str], named: str, tmp_path: Path) -> None:
    said = fault("db", "rotate-keys", cwd=tmp_path, **settings)
    assert said.count("\n") == 0
    assert named in said


def test_with_one_key_there_is_nothing_to_rotate_to(database_url: str, tmp_path: Path) -> None:
    said = fault("db", "rotate-keys", cwd=tmp_path, database_url=database_url, secret_key=written(OLD))
    assert said.count("\n") == 0
    assert "There is one secret key" in said
