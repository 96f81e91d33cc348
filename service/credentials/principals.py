"""What a credential stands for: read once, kept in memory, and dropped when the account, session or key changes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from persistence.database import Database
from persistence.pulse import Changed
from persistence.unit_of_work import UnitOfWork
from service.errors import AccessUnknown, Unauthenticated
from service.identity import Caller

KEPT = 15.0  # seconds for which an entry that nothing dropped is believed: less than changes are told again
SILENCE = 2.0  # seconds without word from the database after which nobody is let in
ROOM = 20_000  # entries

Key = tuple[str, UUID | tuple[str, ...]]  # ("session", its id), ("api_key", its id), ("certificate", its URIs)


@dataclass(frozen=True, slots=True)
class Principal:
    """An account that is let in, by one of its credentials."""

    caller: Caller
    token_hash: bytes = field(default=b"", repr=False)  # of an API key: SHA-256 of its secret


class Principals:
    """At most 1 second behind the database: its pulse tells, four times a second, which accounts changed lately."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._entries: dict[Key, tuple[Principal, float]] = {}
        self._of_user: dict[UUID, set[Key]] = {}
        self._told = asyncio.Event()
        db.pulse.listen(self._changed)

    async def find(self, key: Key) -> Principal:
        """Raises Unauthenticated where the credential lets nobody in, AccessUnknown where that cannot be known."""
        if self._db.pulse.age > SILENCE:
            raise AccessUnknown
        now = asyncio.get_running_loop().time()
        entry = self._entries.get(key)
        if entry is not None and now < entry[1]:
            return entry[0]
        principal, seconds = await self._db.look(_READERS[key[0]], None, key[1])
        self._keep(key, principal, now + min(KEPT, seconds))
        return principal

    async def news(self, seconds: float) -> None:
        """Returns when the database has told who changed, after `seconds` at the latest."""
        told = self._told
        try:
            async with asyncio.timeout(seconds):
                await told.wait()
        except TimeoutError:
            return

    def _keep(self, key: Key, principal: Principal, until: float) -> None:
        if len(self._entries) >= ROOM:
            self._entries.clear()
            self._of_user.clear()
        self._entries[key] = (principal, until)
        self._of_user.setdefault(principal.caller.id, set()).add(key)

    def _changed(self, users: Changed) -> None:
        """Each change is told for 20 seconds: a reading that overlapped with it is dropped the next time."""
        for user in users:
            for key in self._of_user.pop(user, ()) if user is not None else ():
                self._entries.pop(key, None)
        self._told.set()
        self._told = asyncio.Event()


def _active(row: Any) -> bool:
    return row is not None and row.state == "ACTIVE" and row.deleted_at is None and not row.expired


async def _of_session(uow: UnitOfWork, _caller: None, session_id: UUID) -> tuple[Principal, float]:
    row: Any = await uow.sessions.principal(session_id)
    if not _active(row) or row.role == "SERVICE":
        raise Unauthenticated
    return Principal(Caller(row.user_id, row.role, session_id=session_id)), row.seconds_left


async def _of_api_key(uow: UnitOfWork, _caller: None, key_id: UUID) -> tuple[Principal, float]:
    row: Any = await uow.api_keys.principal(key_id)
    if not _active(row) or row.role != "SERVICE":
        raise Unauthenticated
    scopes = frozenset(row.scopes) & frozenset(row.user_scopes)
    principal = Principal(Caller(row.user_id, row.role, scopes, api_key_id=key_id), row.token_hash)
    return principal, KEPT if row.seconds_left is None else row.seconds_left


async def _of_certificate(uow: UnitOfWork, _caller: None, uris: tuple[str, ...]) -> tuple[Principal, float]:
    """A certificate that stands for two accounts stands for none."""
    rows: Any = await uow.users.find_by_certificate(uris)
    if len(rows) != 1 or rows[0].state != "ACTIVE":
        raise Unauthenticated
    return Principal(Caller(rows[0].id, "SERVICE", frozenset(rows[0].scopes))), KEPT


_READERS: dict[str, Callable[[UnitOfWork, None, Any], Awaitable[tuple[Principal, float]]]] = {
    "session": _of_session,
    "api_key": _of_api_key,
    "certificate": _of_certificate,
}
