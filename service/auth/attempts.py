"""Guessing is slowed down: whom an attempt counts against, and the count before anything is compared."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from persistence.database import Database
from persistence.unit_of_work import UnitOfWork
from service.credentials.source import bucket
from service.errors import TooManyAttempts
from service.identity import Caller, caller, current_source

SOURCE_FACTOR = 10  # an address may be that of a whole office


@dataclass(frozen=True, slots=True)
class Buckets:
    """What one attempt counts against, 32 bytes each: nobody reads off the table what was typed, or from where."""

    account: bytes
    pair: bytes  # account and source: one who signed in from there before is not held up by those who guess elsewhere
    source: bytes
    account_limit: int
    source_limit: int


class Attempts:
    """Attempts from the address of the call that is being served, at most `limit` in a row before waits begin.

    The names of the buckets are HMAC-SHA-256 by a key derived (HKDF-SHA256) of the newest of the service's keys.
    """

    def __init__(self, keys: Sequence[bytes], limit: int) -> None:
        self._key = HKDF(SHA256(), 32, None, b"sign_in_attempts").derive(keys[0])
        self._limit = limit

    def at_sign_in(self, login: str, user_id: UUID | None) -> Buckets:
        """By the account, whichever of its names is typed; without one, by `login` (without case), for the same work.

        What was typed then stands for an account: 128 bits of a keyed hash, which no account has for its id.
        """
        typed = UUID(bytes=self._digest(f"login:{login}")[:16])
        return self._buckets(_account(user_id or typed), self._limit)

    def at_change(self, user_id: UUID) -> Buckets:
        """Apart from the sign-ins, at which anybody may guess: who has a session is not held up by them."""
        return self._buckets(f"change:{user_id}", self._limit)

    def at_token(self) -> Buckets:
        """For what nobody guesses: the address alone, by its own limit, as others behind it may hold a valid one."""
        return self._buckets(f"token:{bucket(current_source())}", self._limit * SOURCE_FACTOR)

    def pair(self, user_id: UUID) -> bytes:
        """The account and the address of this call, as sign-ins are counted."""
        return self._pair(bucket(current_source()), _account(user_id))

    async def count(self, db: Database, buckets: Buckets) -> None:
        """Counts one, committed before the password is looked at. Raises TooManyAttempts, and then none was counted."""
        wait = await db.change(_count, caller(), buckets)
        if wait is not None:
            raise TooManyAttempts(wait.total_seconds())

    def _buckets(self, account: str, limit: int) -> Buckets:
        source = bucket(current_source())
        keys = self._digest(account), self._pair(source, account), self._digest(f"source:{source}")
        return Buckets(*keys, limit, self._limit * SOURCE_FACTOR)

    def _pair(self, source: str, account: str) -> bytes:
        return self._digest(f"pair:{source}\n{account}")

    def _digest(self, name: str) -> bytes:
        return hmac.digest(self._key, name.encode(), "sha256")


def _account(user_id: UUID) -> str:
    return f"account:{user_id}"


async def _count(uow: UnitOfWork, _caller: Caller, buckets: Buckets) -> timedelta | None:
    limits = {"account_limit": buckets.account_limit, "source_limit": buckets.source_limit}
    return await uow.attempts.count(buckets.account, buckets.pair, buckets.source, **limits)


async def forgive(uow: UnitOfWork, buckets: Buckets) -> None:
    """The attempt was right: the account's count begins anew, and the address is known to it from now on."""
    await uow.attempts.forgive(buckets.account, buckets.pair, buckets.source)
