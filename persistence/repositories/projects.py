"""The projects. Each method takes the owner; rows that are answered have `task_count` beside their columns."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Executable,
    FromClause,
    Label,
    Row,
    Select,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate

from persistence.models import ProjectRow, TaskRow, UserRow
from persistence.paging import Page, PageQuery
from persistence.repositories.base import Guard, Repository, answered, change
from persistence.repositories.listings import Listing
from persistence.repositories.pages import read_page

PROJECTS = ProjectRow.metadata.tables["projects"]
USERS = UserRow.metadata.tables["users"]
TASKS = TaskRow.metadata.tables["tasks"]
COLUMNS = answered(PROJECTS)
OF_OWNER = Listing(PROJECTS, of=("owner_id",))
Key = tuple[UUID, UUID]  # the owner's id, and the project's


def _task_count(of: FromClause) -> Label[int]:
    """How many living tasks each project of `of` has."""
    its = (TASKS.c.owner_id == of.c.owner_id, TASKS.c.project_id == of.c.id, TASKS.c.deleted_at.is_(None))
    counted = select(func.count()).select_from(TASKS).where(*its).correlate(of)
    return counted.scalar_subquery().label("task_count")


_COUNT = _task_count(PROJECTS)
_KEY = (PROJECTS.c.owner_id == bindparam("owner_id"), PROJECTS.c.id == bindparam("id"))
_GET = select(*COLUMNS, _COUNT).where(*_KEY)
_GET_LOCKED = select(*COLUMNS).where(*_KEY).with_for_update()
_HOLD = (
    select(PROJECTS.c.id)
    .where(
        PROJECTS.c.owner_id == bindparam("owner_id"),
        PROJECTS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        PROJECTS.c.deleted_at.is_(None),
    )
    .order_by(PROJECTS.c.id)
    .with_for_update(read=True)
)
_OWNER_LIVES = (
    select(literal(1))
    .where(USERS.c.id == PROJECTS.c.owner_id, USERS.c.deleted_at.is_(None))
    .correlate(PROJECTS)
    .exists()
)
_STANDING = (
    select(
        USERS.c.deleted_at.label("owner_deleted_at"), (PROJECTS.c.purge_at <= func.now()).label("purge_due"), *COLUMNS
    )
    .select_from(USERS)
    .outerjoin(PROJECTS, (PROJECTS.c.owner_id == USERS.c.id) & (PROJECTS.c.id == bindparam("id")))
    .where(USERS.c.id == bindparam("owner_id"))
)


@lru_cache(maxsize=16)
def _add(names: tuple[str, ...]) -> ReturningInsert[Any]:
    """Finds the owner living and makes the project below it; no task can name the project yet."""
    values = select(USERS.c.id, *(bindparam(name, type_=PROJECTS.c[name].type) for name in names))
    living = values.where(USERS.c.id == bindparam("owner_id"), USERS.c.deleted_at.is_(None))
    # Whoever deletes or erases the owner in this moment is waited for, and then the owner does not live.
    held = living.with_for_update(read=True, of=USERS)
    return insert(PROJECTS).from_select(["owner_id", *names], held).returning(*COLUMNS, literal(0).label("task_count"))


@lru_cache(maxsize=64)
def _counting(statement: ReturningUpdate[Any]) -> ReturningUpdate[Any]:
    return statement.returning(_COUNT)


class Projects(Repository):
    """Whose projects it writes it notes in `owners`."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def add(self, key: Key, actor: UUID, columns: Mapping[str, object]) -> Row[Any] | None:
        """None where no such owner lives. Raises UniqueViolation where the owner has a project of this id."""
        self._owners.add(key[0])
        values = {"id": key[1], "created_by": actor, "updated_by": actor, **columns}
        return await self._one(_add(tuple(values)), {**values, "owner_id": key[0]})

    async def get(self, owner_id: UUID, project_id: UUID) -> Row[Any] | None:
        return await self._one(_GET, {"owner_id": owner_id, "id": project_id})

    async def get_locked(self, owner_id: UUID, project_id: UUID) -> Row[Any] | None:
        """The project without its count; until COMMIT nobody else changes it. Raises LockTimeout."""
        return await self._one(_GET_LOCKED, {"owner_id": owner_id, "id": project_id})

    async def get_standing(self, owner_id: UUID, project_id: UUID) -> Row[Any] | None:
        """The project beside `owner_deleted_at` and `purge_due`, NULL where there is none; None: there is no owner."""
        return await self._one(_STANDING, {"owner_id": owner_id, "id": project_id})

    async def change(self, key: Key, actor: UUID, columns: Mapping[str, object], guard: Guard) -> Row[Any] | None:
        """None where the guard does not hold or the owner does not live."""
        self._owners.add(key[0])
        named = {"owner_id": key[0], "id": key[1]}
        statement, values = change(PROJECTS, named, {**columns, "updated_by": actor}, guard, _OWNER_LIVES)
        return await self._one(_counting(statement), values)

    async def hold(self, owner_id: UUID, ids: Collection[UUID]) -> Collection[UUID]:
        """Which of these live, and do so until COMMIT: whoever would delete one waits. Raises LockTimeout."""
        return {row.id for row in await self._all(_HOLD, {"owner_id": owner_id, "ids": [*ids]})}

    async def page(self, owner_id: UUID, query: PageQuery) -> Page:
        return await read_page(self._counted, OF_OWNER, {"owner_id": owner_id}, query)

    async def _counted(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Row[Any]]:
        """The rows of the page in their order, and only of these the counts: in the same statement."""
        rows = cast(Select[Any], statement).subquery()
        return await self._all(select(*rows.c, _task_count(rows)).order_by(rows.c.id.desc()), values)
