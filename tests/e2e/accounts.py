"""Accounts with credentials that work at once, made below the service, by the service's own units."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from argon2 import PasswordHasher

import migrations
from persistence.database import Database
from persistence.opening import Release, open_database
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from service.credentials import opaque_tokens
from service.credentials.access_tokens import AccessTokens
from service.credentials.signing_keys import KeyRing, ensure_keys
from service.identifiers import new_id
from service.secret_key import SecretKeys


@dataclass(frozen=True)
class Account:
    """An account and the token it calls with: an access token, or an API key of a SERVICE."""

    id: UUID
    token: str
    credential_id: UUID  # of the session or the key

    @property
    def name(self) -> str:
        return f"users/{self.id}"


@dataclass(frozen=True)
class Accounts:
    """Makes accounts in one database."""

    db: Database
    tokens: AccessTokens

    async def make(self, role: str, scopes: Sequence[str] = (), user_id: UUID | None = None) -> Account:
        """A living, active account of the role, with a session, or with a key of all its scopes."""
        wanted = (user_id or new_id(), role, tuple(scopes))
        if role == "SERVICE":
            return await self.db.change(_service, None, wanted)
        made_id, session_id = await self.db.change(_person, None, wanted)
        token, _ = await self.tokens.issue(made_id, session_id)
        return Account(made_id, token, session_id)

    async def prepare(self, account: Account, password: str | None, state: str = "") -> None:
        """Gives the account a password, and makes it `suspended` or `deleted`; its other credentials stay."""
        hashed = PasswordHasher(1, 8192, 1).hash(password) if password is not None else None
        await self.db.change(_prepare, None, (account.id, hashed, state))


@asynccontextmanager
async def accounts(database_url: str, keys: SecretKeys) -> AsyncIterator[Accounts]:
    """For a server of another process, which has the same keys."""
    release = Release("0.1.0", migrations.head())
    async with open_database(database_url, keys.values, release, purging=False) as db:
        await db.change(ensure_keys, None, None)
        yield accounts_in(db)


async def administrator(database_url: str) -> str:
    """An access token of a new administrator, for a server of another process that has the key of the tests."""
    async with accounts(database_url, SecretKeys((bytes(32),))) as made:
        return (await made.make("ADMIN")).token


def accounts_in(db: Database) -> Accounts:
    """In a database that is open already, and has its signing keys."""
    return Accounts(db, AccessTokens(KeyRing(db), "taxiway", "taxiway"))


async def _user(uow: UnitOfWork, wanted: tuple[UUID, str, tuple[str, ...]]) -> None:
    user_id, role, scopes = wanted
    columns = {"username": f"u{user_id.hex}", "username_key": f"u{user_id.hex}", "display_name": "", "time_zone": "UTC"}
    if role != "SERVICE":
        columns |= {"email": f"{user_id.hex}@example.com", "email_key": f"{user_id.hex}@example.com"}
    await uow.users.add(user_id, user_id, {**columns, "role": role, "annotations": {}, "scopes": list(scopes)})


async def _person(uow: UnitOfWork, _caller: None, wanted: tuple[UUID, str, tuple[str, ...]]) -> tuple[UUID, UUID]:
    await _user(uow, wanted)
    session_id = new_id()
    await uow.sessions.add(session_id, wanted[0], bytes(32), "tests", "127.0.0.1")
    return wanted[0], session_id


async def _service(uow: UnitOfWork, _caller: None, wanted: tuple[UUID, str, tuple[str, ...]]) -> Account:
    await _user(uow, wanted)
    key_id, secret = new_id(), bytes(range(32))
    await uow.api_keys.add(
        key_id, wanted[0], "tests", opaque_tokens.digest(secret), list(wanted[2]), wanted[0], expire_at=None
    )
    return Account(wanted[0], opaque_tokens.make("twk_", key_id, secret), key_id)


async def _prepare(uow: UnitOfWork, _caller: None, wanted: tuple[UUID, str | None, str]) -> None:
    user_id, hashed, state = wanted
    if hashed is not None:
        await uow.credentials.set(user_id, hashed)
    columns: dict[str, dict[str, object]] = {
        "suspended": {"state": "SUSPENDED"},
        "deleted": {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE},
    }
    if state in columns:
        await uow.users.change(user_id, user_id, columns[state], Guard())
