"""The keys that sign access tokens; the private halves are sealed and opened here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import Base
from persistence.repositories.base import Repository
from persistence.sealing import Sealer, place

RETAINED = timedelta(hours=1)  # that a retired key goes on to verify: longer than any access token lasts

KEYS = Base.metadata.tables["signing_keys"]
_ALL = (
    select(*KEYS.c)
    .where(or_(KEYS.c.retired_at.is_(None), KEYS.c.retired_at > func.now() - RETAINED))
    .order_by(KEYS.c.created_at, KEYS.c.kid)
)
_ADD = insert(KEYS)
_LOCK = text("LOCK TABLE signing_keys IN SHARE ROW EXCLUSIVE MODE")
_RETIRE = update(KEYS).where(KEYS.c.state == "CURRENT").values(state="RETIRED", retired_at=func.now())
_PROMOTE = update(KEYS).where(KEYS.c.state == "NEXT").values(state="CURRENT")
_REMOVE_ALL = delete(KEYS)
_EVERY = select(KEYS.c.kid, KEYS.c.private_key)
_RESEAL = update(KEYS).where(KEYS.c.kid == bindparam("of_kid")).values(private_key=bindparam("sealed"))


class SigningKey(NamedTuple):
    """One key, its private half opened."""

    kid: str
    state: str
    public_key: bytes
    private_key: bytes
    created_at: datetime
    retired_at: datetime | None


class SigningKeys(Repository):
    __slots__ = ("_sealer",)

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        super().__init__(connection)
        self._sealer = sealer

    async def all(self) -> Sequence[SigningKey]:
        """The next one, the current one, and the retired ones that still verify; the oldest first.

        Raises SealError where a private half was sealed with a key that was taken away.
        """
        return [self._opened(row) for row in await self._all(_ALL, {})]

    async def add(self, kid: str, state: str, public_key: bytes, private_key: bytes) -> None:
        """Raises UniqueViolation where another one is NEXT or CURRENT already."""
        values = {"kid": kid, "state": state, "public_key": public_key}
        await self._run(_ADD, {**values, "private_key": self._sealer.seal(_place(kid), private_key)})

    async def lock(self) -> None:
        """Whoever writes keys waits for this transaction, so that of two rotations each sees what the other left."""
        await self._run(_LOCK, {})

    async def rotate(self, kid: str, public_key: bytes, private_key: bytes) -> None:
        """The current key retires, the next one takes its place, and the one given here becomes the next."""
        await self.lock()
        await self._run(_RETIRE, {})
        await self._run(_PROMOTE, {})
        await self.add(kid, "NEXT", public_key, private_key)

    async def remove_all(self) -> int:
        """What they signed verifies no more; answers how many."""
        await self.lock()
        return await self._run(_REMOVE_ALL, {})

    async def reseal(self) -> int:
        """Seals with the newest key what an older one has sealed; answers how many."""
        await self.lock()
        stale = [row for row in await self._all(_EVERY, {}) if not self._sealer.is_newest(row.private_key)]
        for row in stale:
            opened = self._sealer.open(_place(row.kid), row.private_key)
            await self._run(_RESEAL, {"of_kid": row.kid, "sealed": self._sealer.seal(_place(row.kid), opened)})
        return len(stale)

    def _opened(self, row: Row[Any]) -> SigningKey:
        opened = self._sealer.open(_place(row.kid), row.private_key)
        return SigningKey(row.kid, row.state, row.public_key, opened, row.created_at, row.retired_at)


def _place(kid: str) -> bytes:
    return place("signing_keys", "private_key", kid.encode())
