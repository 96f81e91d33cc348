"""The tasks. Each method takes the owner, but for the two reads across owners that administrators and services have."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, insert, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from persistence.models import TaskRow, UserRow
from persistence.models.tasks import ACROSS_OWNERS
from persistence.repositories.base import Guard, Repository, change

TASKS = TaskRow.metadata.tables["tasks"]
USERS = UserRow.metadata.tables["users"]

_KEY = (TASKS.c.owner_id == bindparam("owner_id"), TASKS.c.id == bindparam("id"))
_GET = select(*TASKS.c).where(*_KEY)
_OWNER_LIVES = (
    select(literal(1)).where(USERS.c.id == TASKS.c.owner_id, USERS.c.deleted_at.is_(None)).correlate(TASKS).exists()
)
_STANDING = (
    select(USERS.c.deleted_at.label("owner_deleted_at"), (TASKS.c.purge_at <= func.now()).label("purge_due"), *TASKS.c)
    .select_from(USERS)
    .outerjoin(TASKS, (TASKS.c.owner_id == USERS.c.id) & (TASKS.c.id == bindparam("id")))
    .where(USERS.c.id == bindparam("owner_id"))
)


@lru_cache(maxsize=256)
def _add(names: tuple[str, ...]) -> ReturningInsert[Any]:
    """One statement that finds the owner living and makes the task below it, so that no check comes before it."""
    values = select(USERS.c.id, *(bindparam(name, type_=TASKS.c[name].type) for name in names))
    living = values.where(USERS.c.id == bindparam("owner_id"), USERS.c.deleted_at.is_(None))
    # Whoever deletes or erases the owner in this moment is waited for, and then the owner does not live.
    held = living.with_for_update(read=True, of=USERS)
    return insert(TASKS).from_select(["owner_id", *names], held).returning(*TASKS.c)


def _page(*, after: bool, deleted: bool) -> Select[Any]:
    statement = select(*TASKS.c).where(TASKS.c.owner_id == bindparam("owner_id"))
    if after:
        statement = statement.where(TASKS.c.id < bindparam("after"))
    if not deleted:
        statement = statement.where(TASKS.c.deleted_at.is_(None))
    return statement.order_by(TASKS.c.owner_id.desc(), TASKS.c.id.desc()).limit(bindparam("limit"))


_PAGES = {(after, deleted): _page(after=after, deleted=deleted) for after in (True, False) for deleted in (True, False)}


def _page_across(*, after: bool, deleted: bool) -> Select[Any]:
    statement = select(*TASKS.c).where(ACROSS_OWNERS)
    if after:
        place = tuple_(bindparam("after_id"), bindparam("after_owner"), types=[TASKS.c.id.type, TASKS.c.owner_id.type])
        statement = statement.where(tuple_(TASKS.c.id, TASKS.c.owner_id) < place)
    if not deleted:
        statement = statement.where(TASKS.c.deleted_at.is_(None))
    return statement.order_by(TASKS.c.id.desc(), TASKS.c.owner_id.desc()).limit(bindparam("limit"))


_PAGES_ACROSS = {
    (after, deleted): _page_across(after=after, deleted=deleted) for after in (True, False) for deleted in (True, False)
}
_FIND_ACROSS = select(*TASKS.c).where(TASKS.c.id == bindparam("id"), ACROSS_OWNERS).limit(2)


class Tasks(Repository):
    """Whose tasks it writes it notes in `owners`."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def add(self, owner_id: UUID, task_id: UUID, actor: UUID, columns: Mapping[str, object]) -> Row[Any] | None:
        """None where no such owner lives. Raises UniqueViolation where the owner has a task of this id."""
        self._owners.add(owner_id)
        values = {"id": task_id, "created_by": actor, "updated_by": actor, **columns}
        return await self._one(_add(tuple(values)), {**values, "owner_id": owner_id})

    async def get(self, owner_id: UUID, task_id: UUID) -> Row[Any] | None:
        return await self._one(_GET, {"owner_id": owner_id, "id": task_id})

    async def get_standing(self, owner_id: UUID, task_id: UUID) -> Row[Any] | None:
        """The task beside `owner_deleted_at` and `purge_due`, NULL where there is no task; None: there is no owner."""
        return await self._one(_STANDING, {"owner_id": owner_id, "id": task_id})

    async def list_for_owner(
        self, owner_id: UUID, after: UUID | None, limit: int, *, deleted: bool
    ) -> Sequence[Row[Any]]:
        """Newest first, below `after`, at most `limit`."""
        values: dict[str, object] = {"owner_id": owner_id, "limit": limit}
        if after is not None:
            values["after"] = after
        return await self._all(_PAGES[after is not None, deleted], values)

    async def change(
        self, owner_id: UUID, task_id: UUID, actor: UUID, columns: Mapping[str, object], guard: Guard
    ) -> Row[Any] | None:
        """None where the guard does not hold or the owner does not live."""
        self._owners.add(owner_id)
        key = {"owner_id": owner_id, "id": task_id}
        return await self._one(*change(TASKS, key, {**columns, "updated_by": actor}, guard, _OWNER_LIVES))

    async def list_across(self, after: tuple[UUID, UUID] | None, limit: int, *, deleted: bool) -> Sequence[Row[Any]]:
        """Of all owners (`users/-`): newest first, below `after` (id, owner), at most `limit`."""
        values: dict[str, object] = {"limit": limit}
        if after is not None:
            values["after_id"], values["after_owner"] = after
        return await self._all(_PAGES_ACROSS[after is not None, deleted], values)

    async def find_across(self, task_id: UUID) -> Sequence[Row[Any]]:
        """The task of this id, whoever owns it; two where more than one owner has such a task."""
        return await self._all(_FIND_ACROSS, {"id": task_id})
