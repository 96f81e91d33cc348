"""The keys that sign access tokens: kept in the database, next, current and retired, and here in memory."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from persistence.database import Database
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller

PAUSE = 0.1  # seconds at least between two readings of the table, whatever ids callers make up


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 pair; `kid` is the thumbprint of its public half (RFC 7638)."""

    kid: str
    state: str  # NEXT, CURRENT, RETIRED
    private: Ed25519PrivateKey = field(repr=False)
    public: Ed25519PublicKey = field(repr=False)

    @classmethod
    def of(cls, row: Any) -> Self:
        private = Ed25519PrivateKey.from_private_bytes(row.private_key)
        return cls(row.kid, row.state, private, private.public_key())

    @property
    def x(self) -> str:
        """The public key as a JSON Web Key has it: base64url without padding."""
        return _base64url(self.public.public_bytes_raw())


class KeyRing:
    """The keys in memory. They are read again when one is unknown, and after `stale`: that is how rotations spread."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._keys: dict[str, SigningKey] = {}
        self._changes, self._known = 1, 0  # how often the table was said to change, and how many of them were read
        self._reading = asyncio.Lock()
        self._began = float("-inf")

    def stale(self) -> None:
        """Somebody changed the table: the next question reads it."""
        self._changes += 1

    async def current(self) -> SigningKey:
        """The key that signs now. Raises PersistenceError."""
        if self._known < self._changes:
            await self._read()
        return next(key for key in self._keys.values() if key.state == "CURRENT")

    async def find(self, kid: str) -> SigningKey | None:
        """Raises PersistenceError where the table has to be read and cannot be."""
        if self._known < self._changes or kid not in self._keys:
            await self._read()
        return self._keys.get(kid)

    async def published(self) -> list[SigningKey]:
        """All that verify: the current one first, then the next, then those that signed lately."""
        if self._known < self._changes:
            await self._read()
        return sorted(self._keys.values(), key=lambda key: (key.state != "CURRENT", key.state != "NEXT", key.kid))

    async def _read(self) -> None:
        """One reading serves all who waited for it: it began after they asked."""
        loop = asyncio.get_running_loop()
        asked = loop.time()
        async with self._reading:
            if self._began >= asked and self._known == self._changes:
                return
            await asyncio.sleep(max(0.0, self._began + PAUSE - loop.time()))
            self._began, changes = loop.time(), self._changes
            self._keys = {key.kid: key for key in await self._db.look(_list_keys, None, None)}
            self._known = changes


async def _list_keys(uow: UnitOfWork, _caller: None, _command: None) -> list[SigningKey]:
    return [SigningKey.of(row) for row in await uow.signing_keys.all()]


async def ensure_keys(uow: UnitOfWork, _caller: None, _command: None) -> None:
    """Makes the first two keys where there is none: one that signs, one that other services learn of beforehand."""
    present = {row.state for row in await uow.signing_keys.all()}
    if "CURRENT" in present:
        return
    await uow.signing_keys.lock()
    present = {row.state for row in await uow.signing_keys.all()}
    for state in ("CURRENT", "NEXT"):
        if state not in present:
            kid, public, private = _new()
            await uow.signing_keys.add(kid, state, public, private)


async def rotate_keys(uow: UnitOfWork, caller: Caller | None, revoke: bool) -> str:
    """Next becomes current, current retired, and a new next is made; answers the kid that signs now.

    Retired keys verify for an hour more, longer than any token lives; with `revoke` they go at once.
    """
    await uow.signing_keys.rotate(*_new())
    if revoke:
        await uow.signing_keys.remove_retired()
    actor = caller.id if caller is not None else None
    await uow.audit.add("SIGNING_KEYS_ROTATED", actor, reason="revoked" if revoke else "")
    return next(row.kid for row in await uow.signing_keys.all() if row.state == "CURRENT")


def _new() -> tuple[str, bytes, bytes]:
    """A new pair: its kid, the public and the private half."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return thumbprint(public), public, private.private_bytes_raw()


def thumbprint(public: bytes) -> str:
    """RFC 7638: SHA-256 of the members that make the key, in their order, as JSON without white space."""
    members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_base64url(public)}"}}'
    return _base64url(sha256(members.encode()).digest())


def _base64url(data: Sequence[int] | bytes) -> str:
    return urlsafe_b64encode(bytes(data)).decode().rstrip("=")
