"""The parts of AuthService on a real database, without a server around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import migrations
from persistence.database import Database
from persistence.opening import Release, open_database
from persistence.unit_of_work import UnitOfWork
from service.auth.attempts import Attempts
from service.auth.password_changes import PasswordChanges
from service.auth.refreshing import Refreshing
from service.auth.schemas import Login
from service.auth.signing_in import SigningIn
from service.credentials import opaque_tokens
from service.credentials.access_tokens import AccessTokens
from service.credentials.opaque_tokens import RefreshTokens
from service.credentials.passwords import Passwords, Place, Verdict
from service.credentials.signing_keys import KeyRing, ensure_keys
from service.identifiers import new_id
from service.identity import ANONYMOUS, Caller, set_caller, set_current_method, set_origin

KEYS = [bytes(32)]
PASSWORD = "seventeen grey herons"
LIMIT = 10


class Watched(Passwords):
    """Real hashes; tells how often one was compared, and does `meanwhile` before it says how it went."""

    def __init__(self, memory_kib: int = 8192, waiting: int = 200) -> None:
        super().__init__(memory_kib, 1, 1, threads=2, waiting=waiting)
        self.compared: list[str | None] = []
        self.meanwhile: Any = None

    async def verify(self, stored: str | None, password: str, place: Place | None = None) -> Verdict:
        self.compared.append(stored)
        verdict = await super().verify(stored, password, place)
        if self.meanwhile is not None:
            await self.meanwhile()
        return verdict


@dataclass(frozen=True)
class Parts:
    """What AuthService is made of."""

    db: Database
    passwords: Watched
    signing_in: SigningIn
    refreshing: Refreshing
    changes: PasswordChanges
    refresh_tokens: RefreshTokens
    attempts: Attempts

    async def person(self, username: str, password: str | None = PASSWORD, **columns: object) -> UUID:
        """A living, active account."""
        stored = None if password is None else await self.passwords.hash(password)
        return await self.db.change(_add, None, (username, stored, columns))


@asynccontextmanager
async def parts(database_url: str, passwords: Watched | None = None) -> AsyncIterator[Parts]:
    release = Release("0.1.0", migrations.head())
    watched = passwords or Watched()
    async with open_database(database_url, KEYS, release, purging=False) as db:
        await db.change(ensure_keys, None, None)
        access, refresh, attempts = (
            AccessTokens(KeyRing(db), "taxiway", "taxiway"),
            RefreshTokens(KEYS),
            Attempts(KEYS, LIMIT),
        )
        signing_in = SigningIn(db, watched, attempts, access, refresh)
        refreshing, changes = Refreshing(db, attempts, access, refresh), PasswordChanges(db, watched, attempts)
        yield Parts(db, watched, signing_in, refreshing, changes, refresh, attempts)
    watched.close()


def as_call(source: str = "192.0.2.1", caller: Caller = ANONYMOUS) -> None:
    """What the chain sets for a call: who makes it, of which method, from where."""
    set_caller(caller)
    set_current_method("taxiway.v1.AuthService/Tested")
    set_origin(lambda: (source, "tests"))


def login(username: str, password: str = PASSWORD) -> Login:
    return Login.model_validate({"login": username, "password": password})


async def reset_token(uow: UnitOfWork, _caller: None, user_id: UUID) -> str:
    """A use case: the token that sets the password of the account."""
    secret = bytes(range(16))
    await uow.password_resets.put(user_id, opaque_tokens.digest(secret), timedelta(minutes=10), user_id)
    return opaque_tokens.make("twp_", user_id, secret)


async def _add(uow: UnitOfWork, _caller: None, wanted: tuple[str, str | None, dict[str, object]]) -> UUID:
    username, stored, columns = wanted
    user_id, email = new_id(), f"{username}@example.com"
    given = {"username": username, "username_key": username, "email": email, "email_key": email, "role": "USER"}
    await uow.users.add(user_id, user_id, {"display_name": "", "time_zone": "UTC", **given, **columns})
    if stored is not None:
        await uow.credentials.set(user_id, stored)
    return user_id
