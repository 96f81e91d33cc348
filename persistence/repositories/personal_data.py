"""What is kept of one person: shown to the person, and removed, by the policy of each table."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, delete, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Delete, Update

from persistence.models import Base
from persistence.repositories.base import Repository
from persistence.repositories.personal_policy import EXPORTED, POLICY, Anonymise, Exported, Remove
from persistence.repositories.phone_numbers import PhoneNumbers
from persistence.sealing import Sealer

TABLES = Base.metadata.tables
_USER: ColumnElement[UUID] = bindparam("user_id", type_=Uuid)


def _treatment(name: str, treatment: Anonymise | Remove) -> list[Update | Delete]:
    table = TABLES[name]
    mine = table.c[treatment.key] == _USER
    if isinstance(treatment, Anonymise):
        return [update(table).where(mine).values(treatment.columns(table))]
    also = [] if treatment.also is None else [treatment.also(table, _USER)]
    where = [] if treatment.where is None else [treatment.where]
    return [delete(table).where(found, *where) for found in (mine, *also)]


# What identifies the person goes first: the row of the account is locked then, and nobody signs in to it any more.
_ERASURE = {
    name: _treatment(name, treatment)
    for kind in (Anonymise, Remove)
    for name, treatment in POLICY.items()
    if isinstance(treatment, kind)
}


def _page(name: str, exported: Exported, *, after: bool) -> Select[Any]:
    """A page below each of the columns that may name the person, by an index each, and the first of them together."""
    table = TABLES[name]
    place = table.c[exported.key]
    shown = [column for column in table.c if column.name not in exported.hidden]
    pages = [
        select(*shown)
        .where(table.c[owner] == _USER, *([place > bindparam("after")] if after else []))
        .order_by(table.c[owner], place)
        .limit(bindparam("limit"))
        for owner in exported.owners
    ]
    if len(pages) == 1:
        return pages[0]
    both = union_all(*pages).subquery()
    return select(both).distinct().order_by(both.c[exported.key]).limit(bindparam("limit"))


_PAGES = {(name, a): _page(name, exported, after=a) for name, exported in EXPORTED.items() for a in (True, False)}


class PersonalData(Repository):
    __slots__ = ("_numbers",)

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        super().__init__(connection)
        self._numbers = PhoneNumbers(sealer)

    async def erase(self, user_id: UUID) -> dict[str, int]:
        """Removes or anonymises all that the policy says; answers how many rows of each table.

        What another call writes for the account at this very moment may land after it, and goes when the account is
        purged, 30 days after its deletion, which this is where it was not deleted before.
        """
        values = {"user_id": user_id}
        return {
            name: sum([await self._run(statement, values) for statement in statements])
            for name, statements in _ERASURE.items()
        }

    async def export(self, user_id: UUID, table: str, after: UUID | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """The next rows of one table of EXPORTED, by its key, above `after`: the value of that key in the last row.

        No hash and no secret is among the columns; `phone_number` is opened.
        """
        values: dict[str, object] = {"user_id": user_id, "limit": limit}
        if after is not None:
            values["after"] = after
        rows = [row._asdict() for row in await self._all(_PAGES[table, after is not None], values)]
        for row in rows if table == "users" else ():
            if row["phone_number"] is not None:
                row["phone_number"] = self._numbers.open(user_id, row["phone_number"])
        return rows
