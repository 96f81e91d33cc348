"""The tasks. Each method takes the owner, but for the two reads across owners that administrators and services have."""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from persistence.models import ProjectRow, TaskRow, UserRow
from persistence.models.tasks import ACROSS_OWNERS
from persistence.repositories.base import Guard, Repository, answered, change

TASKS = TaskRow.metadata.tables["tasks"]
USERS = UserRow.metadata.tables["users"]
COLUMNS = answered(TASKS)

_KEY = (TASKS.c.owner_id == bindparam("owner_id"), TASKS.c.id == bindparam("id"))
Key = tuple[UUID, UUID]  # the owner's id, and the task's
_GET = select(*COLUMNS).where(*_KEY)
_GET_MANY = select(*COLUMNS).where(
    TASKS.c.owner_id == bindparam("owner_id"), TASKS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
)
_OWNER_LIVES = (
    select(literal(1)).where(USERS.c.id == TASKS.c.owner_id, USERS.c.deleted_at.is_(None)).correlate(TASKS).exists()
)

_CHILDREN = TASKS.alias("children")
_PARENT = TASKS.alias("parent")
_PROJECTS = ProjectRow.metadata.tables["projects"]
_UNFINISHED = ("OPEN", "IN_PROGRESS")


def _children(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = (_CHILDREN.c.owner_id == TASKS.c.owner_id, _CHILDREN.c.parent_id == TASKS.c.id)
    return select(literal(1)).where(*mine, _CHILDREN.c.deleted_at.is_(None), *which).correlate(TASKS).exists()


def _parent(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether it has a parent like that."""
    its = (_PARENT.c.owner_id == TASKS.c.owner_id, _PARENT.c.id == TASKS.c.parent_id)
    return select(literal(1)).where(*its, *which).correlate(TASKS).exists()


def _project_deleted() -> ColumnElement[bool]:
    its = (_PROJECTS.c.owner_id == TASKS.c.owner_id, _PROJECTS.c.id == TASKS.c.project_id)
    return select(literal(1)).where(*its, _PROJECTS.c.deleted_at.is_not(None)).correlate(TASKS).exists()


class Rule(Enum):
    """What must hold of the tasks around one for a change to happen; the owner's row is held meanwhile."""

    NO_LIVING_CHILDREN = "no living subtasks"
    NO_OPEN_CHILDREN = "no living subtasks that are not finished"
    PARENT_NOT_COMPLETED = "no completed parent"
    PLACE_LIVES = "parent and project live, and the parent is not completed where the task is not finished"


_RULES: Mapping[Rule | None, ColumnElement[bool]] = {
    None: _OWNER_LIVES,
    Rule.NO_LIVING_CHILDREN: and_(_OWNER_LIVES, not_(_children())),
    Rule.NO_OPEN_CHILDREN: and_(_OWNER_LIVES, not_(_children(_CHILDREN.c.state.in_(_UNFINISHED)))),
    Rule.PARENT_NOT_COMPLETED: and_(_OWNER_LIVES, not_(_parent(_PARENT.c.state == "COMPLETED"))),
    Rule.PLACE_LIVES: and_(
        _OWNER_LIVES,
        not_(_project_deleted()),
        not_(_parent(_PARENT.c.deleted_at.is_not(None))),
        or_(TASKS.c.state.not_in(_UNFINISHED), not_(_parent(_PARENT.c.state == "COMPLETED"))),
    ),
}
_STANDING = (
    select(USERS.c.deleted_at.label("owner_deleted_at"), (TASKS.c.purge_at <= func.now()).label("purge_due"), *COLUMNS)
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
    return insert(TASKS).from_select(["owner_id", *names], held).returning(*COLUMNS)


_FIND_ACROSS = select(*COLUMNS).where(TASKS.c.id == bindparam("id"), ACROSS_OWNERS).limit(2)


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

    async def change(
        self, key: Key, actor: UUID, columns: Mapping[str, object], guard: Guard, rule: Rule | None = None
    ) -> Row[Any] | None:
        """None where the guard or the rule does not hold or the owner does not live."""
        self._owners.add(key[0])
        named = {"owner_id": key[0], "id": key[1]}
        return await self._one(*change(TASKS, named, {**columns, "updated_by": actor}, guard, _RULES[rule]))

    async def get_many(self, owner_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Row[Any]]:
        """Those of these that there are, deleted ones too."""
        rows = await self._all(_GET_MANY, {"owner_id": owner_id, "ids": [*ids]})
        return {row.id: row for row in rows}

    async def find_across(self, task_id: UUID) -> Sequence[Row[Any]]:
        """The task of this id, whoever owns it; two where more than one owner has such a task."""
        return await self._all(_FIND_ACROSS, {"id": task_id})
