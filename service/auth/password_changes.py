"""ChangePassword and SetPassword: what is right is hashed outside of any unit, then one unit decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from persistence.database import Database
from persistence.unit_of_work import UnitOfWork
from service.auth.attempts import Attempts, Buckets, forgive
from service.auth.schemas import PasswordChange, PasswordReset
from service.credentials import opaque_tokens, password_policy
from service.credentials.passwords import Passwords
from service.errors import Unauthenticated, Violation, invalid
from service.identity import Caller, caller, current_method


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose password it is to be, and the hash of the present one, where there is one."""

    username: str
    email: str | None
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Replacement:
    """The hash that the old password was seen by, and the one of the new."""

    old: str = field(repr=False)
    new: str = field(repr=False)
    buckets: Buckets


@dataclass(frozen=True, slots=True)
class Setting:
    """The hash of a new password, the digest of the token that sets it, and where it is set from (`Attempts.pair`)."""

    user_id: UUID
    token_hash: bytes = field(repr=False)
    new: str = field(repr=False)
    pair: bytes


class PasswordChanges:
    """Writes passwords that their owners chose."""

    def __init__(self, db: Database, passwords: Passwords, attempts: Attempts) -> None:
        self._db = db
        self._passwords = passwords
        self._attempts = attempts

    async def change(self, change: PasswordChange) -> int:
        """How many other sessions it ended. Raises Unauthenticated, InvalidArgument, TooManyAttempts, HashingBusy."""
        who = caller()
        new = change.new_password.get_secret_value()
        owner = await self._db.look(_find_caller, who, None)
        _check(new, owner)
        stored, buckets = owner.password_hash, self._attempts.at_change(who.id)
        with self._passwords.place() as place:  # before the count, as in a sign-in
            await self._attempts.count(self._db, buckets)
            verdict = await self._passwords.verify(stored, change.old_password.get_secret_value(), place)
            hashed = await self._passwords.hash(new, place) if verdict.matches else None
        if stored is None or hashed is None:
            await self._db.change(_record_failure, who, who.id)
            raise Unauthenticated(noted=True)
        return await self._db.change(_replace, who, Replacement(stored, hashed, buckets))

    async def reset(self, reset: PasswordReset) -> UUID:
        """Whose password it is now. Raises Unauthenticated, InvalidArgument, TooManyAttempts, HashingBusy."""
        token = opaque_tokens.parse("twp_", reset.reset_token.get_secret_value())
        if token is None:
            raise Unauthenticated
        new, buckets = reset.new_password.get_secret_value(), self._attempts.at_token()
        await self._attempts.count(self._db, buckets)
        digest = opaque_tokens.digest(token.secret)
        owner = await self._db.change(_find_by_token, caller(), (token.row_id, digest, buckets))
        if owner is None:
            raise Unauthenticated(noted=True)
        _check(new, owner)
        pair, hashed = self._attempts.pair(token.row_id), await self._passwords.hash(new)
        await self._db.change(_set, caller(), Setting(token.row_id, digest, hashed, pair))
        return token.row_id


def _check(password: str, owner: Owner) -> None:
    fault = password_policy.fault(password, username=owner.username, email=owner.email)
    if fault is not None:
        raise invalid([Violation("new_password", fault)])


async def _find_caller(uow: UnitOfWork, caller: Caller, _command: None) -> Owner:
    """Services have no password, whatever is left of one."""
    row = await uow.users.get(caller.id)
    stored = await uow.credentials.get(caller.id)
    if row is None:
        raise Unauthenticated
    return Owner(row.username, row.email, None if row.role == "SERVICE" else stored)


async def _find_by_token(uow: UnitOfWork, _caller: Caller, token: tuple[UUID, bytes, Buckets]) -> Owner | None:
    """None, recorded, where the account is not let in. A right one is no guess, whatever the password is worth.

    Raises Unauthenticated where it does not hold.
    """
    user_id, token_hash, buckets = token
    row = await uow.password_resets.find(user_id, token_hash)
    if row is None:
        raise Unauthenticated
    if not _lets_in(row):
        await _record_failure(uow, None, user_id)
        return None
    await forgive(uow, buckets)
    return Owner(row.username, row.email)


async def _record_failure(uow: UnitOfWork, caller: Caller | None, user_id: UUID) -> None:
    """With the account that it is about, which the chain does not know."""
    actor, reason = caller.id if caller else None, Unauthenticated.reason
    await uow.audit.add("AUTHENTICATION_FAILED", actor, user_id, method=current_method(), reason=reason)


async def _replace(uow: UnitOfWork, caller: Caller, replacement: Replacement) -> int:
    """The session that calls lives on. Raises Unauthenticated where another change came first."""
    if not await uow.credentials.replace(caller.id, replacement.old, replacement.new):
        raise Unauthenticated
    await uow.password_resets.delete(caller.id)
    ended = await uow.sessions.delete_all(caller.id, but=caller.session_id)
    await forgive(uow, replacement.buckets)
    await uow.audit.add("PASSWORD_CHANGED", caller.id, caller.id, caller.session_id, method=current_method())
    return ended


async def _set(uow: UnitOfWork, _caller: Caller, setting: Setting) -> None:
    """Takes the token: of two that come with it at once, one. Raises Unauthenticated, and the token is as it was."""
    user_id = setting.user_id
    row = await uow.users.get_locked(user_id)
    if row is None or not _lets_in(row) or not await uow.password_resets.take(user_id, setting.token_hash):
        raise Unauthenticated
    await uow.credentials.set(user_id, setting.new)
    await uow.sessions.delete_all(user_id, but=None)
    await uow.attempts.remember(setting.pair)
    await uow.audit.add("PASSWORD_SET", user_id, user_id, method=current_method())


def _lets_in(row: Any) -> bool:
    return bool(row.state == "ACTIVE" and row.deleted_at is None and row.role != "SERVICE")
