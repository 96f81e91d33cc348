"""The accounts."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Uuid, any_, bindparam, func, insert, select

from persistence.models import UserRow
from persistence.repositories.base import Guard, Repository, change

USERS = UserRow.metadata.tables["users"]

_GET = select(*USERS.c).where(USERS.c.id == bindparam("id"))
_GET_LOCKED = _GET.with_for_update()
_STANDING = select((USERS.c.purge_at <= func.now()).label("purge_due"), *USERS.c).where(USERS.c.id == bindparam("id"))
_GET_MANY = select(*USERS.c).where(USERS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
_ADD = insert(USERS).returning(*USERS.c)


def _page(*, after: bool, deleted: bool) -> Select[Any]:
    statement = select(*USERS.c).order_by(USERS.c.id.desc()).limit(bindparam("limit"))
    if after:
        statement = statement.where(USERS.c.id < bindparam("after"))
    return statement if deleted else statement.where(USERS.c.deleted_at.is_(None))


_PAGES = {(after, deleted): _page(after=after, deleted=deleted) for after in (True, False) for deleted in (True, False)}


class Users(Repository):
    __slots__ = ()

    async def add(self, user_id: UUID, actor: UUID, columns: Mapping[str, object]) -> Row[Any]:
        """Raises UniqueViolation where the id, the mail address or the user name is taken."""
        row = await self._one(_ADD, {"id": user_id, "created_by": actor, "updated_by": actor, **columns})
        if row is None:
            raise AssertionError("INSERT ... RETURNING answered no row")
        return row

    async def get(self, user_id: UUID) -> Row[Any] | None:
        return await self._one(_GET, {"id": user_id})

    async def get_locked(self, user_id: UUID) -> Row[Any] | None:
        """The row, which nobody else changes before this transaction ends."""
        return await self._one(_GET_LOCKED, {"id": user_id})

    async def get_standing(self, user_id: UUID) -> Row[Any] | None:
        """The user beside `purge_due`: whether its time of purge has come."""
        return await self._one(_STANDING, {"id": user_id})

    async def get_many(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Row[Any]]:
        """The rows by id, deleted ones too; an id that is not there is not in the answer."""
        return {row.id: row for row in await self._all(_GET_MANY, {"ids": user_ids})}

    async def list_newest_first(self, after: UUID | None, limit: int, *, deleted: bool) -> Sequence[Row[Any]]:
        values = {"limit": limit} if after is None else {"limit": limit, "after": after}
        return await self._all(_PAGES[after is not None, deleted], values)

    async def change(self, user_id: UUID, actor: UUID, columns: Mapping[str, object], guard: Guard) -> Row[Any] | None:
        """None where the guard does not hold. Raises UniqueViolation, CheckViolation."""
        return await self._one(*change(USERS, {"id": user_id}, {**columns, "updated_by": actor}, guard, None))
