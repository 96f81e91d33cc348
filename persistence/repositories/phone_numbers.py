"""Telephone numbers between the repository and its table: sealed on the way in, opened on the way out (R12)."""

from collections import namedtuple
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from persistence.models import Base
from persistence.sealing import Sealer, place

_PLACE = list(Base.metadata.tables["users"].c.keys()).index("phone_number")

# A row of users, or a named tuple of the same fields where `phone_number` was opened.
Account = Any
Stale = Sequence[tuple[UUID, bytes]]  # whose number, and what an older key made of it


class PhoneNumbers:
    """Each is sealed for its row alone. Raises SealError for what was sealed elsewhere, or with an unknown key."""

    __slots__ = ("_sealer",)

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def seal(self, user_id: UUID, columns: Mapping[str, object]) -> Mapping[str, object]:
        """The columns to be written, with the number sealed where there is one."""
        number = columns.get("phone_number")
        if number is None:
            return columns
        return {**columns, "phone_number": self._sealer.seal(_place(user_id), str(number).encode())}

    def open(self, user_id: UUID, sealed: bytes) -> str:
        return self._sealer.open(_place(user_id), sealed).decode()

    def opened(self, row: Row[Any] | None) -> Account | None:
        """The row as it came, unless it has a number to be opened: a row without one costs nothing."""
        if row is None or row[_PLACE] is None:
            return row
        values = list(row)
        values[_PLACE] = self.open(row.id, row[_PLACE])
        return _opened_type(row._fields)(*values)

    def all_opened(self, rows: Sequence[Row[Any]]) -> Sequence[Account]:
        return [self.opened(row) for row in rows]

    def stale(self, rows: Sequence[Row[Any]]) -> Stale:
        """Of rows of `id` and `phone_number` those that an older key has sealed."""
        sealed = [(row.id, row.phone_number) for row in rows if row.phone_number is not None]
        return [(user_id, old) for user_id, old in sealed if not self._sealer.is_newest(old)]

    def resealed(self, stale: Stale) -> list[bytes]:
        return [self._sealer.seal(_place(user_id), self._sealer.open(_place(user_id), old)) for user_id, old in stale]


def _place(user_id: UUID) -> bytes:
    return place("users", "phone_number", user_id.bytes)


@lru_cache(maxsize=8)
def _opened_type(fields: tuple[str, ...]) -> Any:
    return namedtuple("OpenedRow", fields)
