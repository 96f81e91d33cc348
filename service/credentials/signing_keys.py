"""The keys that sign access tokens: kept in the database, next, current and retired, and here in memory."""

import asyncio
import logging
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from persistence.database import Database
from persistence.errors import PersistenceError
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller

PATIENCE = 0.3  # seconds until a call waits for a reading that is under way behind it
PAUSE = 0.1  # seconds at least between two readings of the table, whatever ids callers make up

_LOG = logging.getLogger("taxiway.signing_keys")


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
        self._began = self._since = float("-inf")
        self._background: asyncio.Task[None] | None = None

    def stale(self) -> None:
        """Somebody changed the table: it is read behind the calls, which do not wait for that unless it takes long."""
        if self._known == self._changes:
            self._since = asyncio.get_running_loop().time()
        self._changes += 1
        if self._background is None or self._background.done():
            self._background = asyncio.create_task(self._read_behind())

    async def current(self) -> SigningKey:
        """The key that signs now. Raises PersistenceError."""
        await self._keep_up()
        if not self._keys:  # somebody has emptied the table
            await self._db.change(ensure_keys, None, None)
            await self._read()
        return next(key for key in self._keys.values() if key.state == "CURRENT")

    async def find(self, kid: str) -> SigningKey | None:
        """Raises PersistenceError where the table has to be read and cannot be."""
        await self._keep_up()
        if kid not in self._keys:
            await self._read()
        return self._keys.get(kid)

    async def published(self) -> list[SigningKey]:
        """All that verify: the current one first, then the next, then those that signed lately."""
        await self._keep_up()
        return sorted(self._keys.values(), key=lambda key: (key.state != "CURRENT", key.state != "NEXT", key.kid))

    async def _keep_up(self) -> None:
        """Nobody goes by keys that were taken away for longer than PATIENCE."""
        if self._known < self._changes and asyncio.get_running_loop().time() - self._since > PATIENCE:
            await self._read()

    async def _read_behind(self) -> None:
        try:
            await self._read()
        except PersistenceError as error:  # whoever needs the keys reads them then
            _LOG.warning("the signing keys cannot be read (%s)", type(error).__name__)

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
    if any(row.state == "CURRENT" for row in await uow.signing_keys.all()):
        return
    await uow.signing_keys.lock()
    if not await uow.signing_keys.all():
        await _make_both(uow)
        await uow.audit.add("SIGNING_KEYS_ROTATED", None, reason="made")


async def rotate_keys(uow: UnitOfWork, caller: Caller | None, revoke: bool) -> str:
    """Next becomes current, current retired, and a new next is made; answers the kid that signs now.

    Retired keys verify for an hour more, longer than any token lives. With `revoke` every key goes at once and two new
    ones take their places: the next one lay where the current one leaked.
    """
    if revoke:
        await uow.signing_keys.remove_all()
        await _make_both(uow)
    else:
        await ensure_keys(uow, None, None)
        await uow.signing_keys.rotate(*_new())
    actor = caller.id if caller is not None else None
    await uow.audit.add("SIGNING_KEYS_ROTATED", actor, reason="revoked" if revoke else "")
    return next(row.kid for row in await uow.signing_keys.all() if row.state == "CURRENT")


async def _make_both(uow: UnitOfWork) -> None:
    for state in ("CURRENT", "NEXT"):
        kid, public, private = _new()
        await uow.signing_keys.add(kid, state, public, private)


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
