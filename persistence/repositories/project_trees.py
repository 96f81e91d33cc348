"""What happens to the tasks of a project, and to those below them, when the project is deleted or brought back.

Whoever asks here and writes by the answer holds the owner's row first (`owner_positions`), and then the project's.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    DateTime,
    Row,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from persistence.models import ProjectRow
from persistence.repositories.base import RETENTION, Repository
from persistence.repositories.task_trees import TASKS, UNFINISHED

PROJECTS = ProjectRow.metadata.tables["projects"]
_OWNER: ColumnElement[UUID] = bindparam("owner", type_=Uuid)
_PROJECT: ColumnElement[UUID] = bindparam("project", type_=Uuid)
_ACTOR: ColumnElement[UUID] = bindparam("actor", type_=Uuid)
_LIVING = TASKS.c.deleted_at.is_(None)
# Not `=`: that would let PostgreSQL look through everybody's deleted tasks, by the index that the purge has.
_WENT_WITH_IT = TASKS.c.deleted_at.is_not_distinct_from(bindparam("moment", type_=DateTime(timezone=True)))


def _tree(alike: ColumnElement[bool]) -> CTE:
    """The ids of the project's tasks that are `alike`, and of those below them, of whatever project."""
    tree = select(TASKS.c.id).where(TASKS.c.owner_id == _OWNER, TASKS.c.project_id == _PROJECT, alike)
    found = tree.cte("tree", recursive=True)
    downwards = (TASKS.c.owner_id == _OWNER) & (TASKS.c.parent_id == found.c.id)
    return found.union(select(TASKS.c.id).join_from(found, TASKS, downwards).where(alike))


def _locked(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Rows are locked in order of id before any is written, as every unit does."""
    chosen = select(TASKS.c.id).where(TASKS.c.owner_id == _OWNER, *conditions)
    return chosen.order_by(TASKS.c.id).with_for_update(of=TASKS)


def _write(*conditions: ColumnElement[bool], **values: object) -> Update:
    chosen = _locked(*conditions).subquery("chosen")
    where = (TASKS.c.owner_id == _OWNER, TASKS.c.id == chosen.c.id)
    return update(TASKS).where(*where).values(updated_by=_ACTOR, **values)


def _inside(tree: CTE) -> ColumnElement[bool]:
    return TASKS.c.id.in_(select(tree.c.id))


def _misplaced() -> Select[Any]:
    tree, parent = _tree(_WENT_WITH_IT), TASKS.alias("parent")
    below = and_(parent.c.owner_id == _OWNER, parent.c.id == TASKS.c.parent_id, parent.c.id.not_in(select(tree.c.id)))
    within = and_(PROJECTS.c.owner_id == _OWNER, PROJECTS.c.id == TASKS.c.project_id, PROJECTS.c.id != _PROJECT)
    unfinished = TASKS.c.state == any_(bindparam("unfinished", type_=ARRAY(TASKS.c.state.type)))
    amiss = or_(
        PROJECTS.c.deleted_at.is_not(None),
        parent.c.deleted_at.is_not(None),
        and_(parent.c.state == "COMPLETED", unfinished),
    )
    shown = (PROJECTS.c.id.label("project_id"), PROJECTS.c.deleted_at.is_not(None).label("project_deleted"))
    above = (parent.c.id.label("parent_id"), parent.c.deleted_at.is_not(None).label("parent_deleted"))
    rows = select(*shown, *above).join_from(TASKS, parent, below, isouter=True).join(PROJECTS, within, isouter=True)
    return rows.where(TASKS.c.owner_id == _OWNER, _inside(tree), amiss).order_by(TASKS.c.id).limit(1)


_LOCK_LIVING = select(func.count()).select_from(_locked(_inside(_tree(_LIVING))).subquery())
_DELETE = (
    update(TASKS)
    .where(TASKS.c.owner_id == _OWNER, _inside(_tree(_LIVING)))
    .values(deleted_at=func.now(), purge_at=func.now() + RETENTION, updated_by=_ACTOR)
)
_RELEASE = _write(TASKS.c.project_id == _PROJECT, project_id=null())
_UNDELETE = _write(_inside(_tree(_WENT_WITH_IT)), deleted_at=null(), purge_at=null())
_MISPLACED = _misplaced()


class ProjectTrees(Repository):
    """Whose tasks it writes it notes in `owners`."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def release(self, owner_id: UUID, project_id: UUID, actor: UUID) -> int:
        """The tasks of the project, living and deleted, are of none any more."""
        return await self._write(_RELEASE, owner_id, project_id, actor)

    async def delete(self, owner_id: UUID, project_id: UUID, actor: UUID) -> int:
        """The living tasks of the project and all living ones below them.

        They are locked in a statement of their own: the next one sees which of them were moved out of the tree by whom
        it waited for, and nobody moves one into it meanwhile.
        """
        await self._run(_LOCK_LIVING, {"owner": owner_id, "project": project_id})
        return await self._write(_DELETE, owner_id, project_id, actor)

    async def misplaced(self, owner_id: UUID, project_id: UUID, moment: datetime) -> Row[Any] | None:
        """Of the tasks that `undelete` brings back the first that could not stand where it was, None where all can.

        It names the other project of the task (`project_id`, `project_deleted`), and its parent that does not come back
        with it (`parent_id`, `parent_deleted`): one of the two is deleted, or the parent COMPLETED and the task not.
        """
        named = {"owner": owner_id, "project": project_id, "moment": moment, "unfinished": UNFINISHED}
        return await self._one(_MISPLACED, named)

    async def undelete(self, owner_id: UUID, project_id: UUID, moment: datetime, actor: UUID) -> int:
        """The tasks of the project that were deleted at this moment, and what was below them at this moment."""
        return await self._write(_UNDELETE, owner_id, project_id, actor, moment=moment)

    async def _write(self, statement: Update, owner_id: UUID, project_id: UUID, actor: UUID, **also: object) -> int:
        self._owners.add(owner_id)
        return await self._run(statement, {"owner": owner_id, "project": project_id, "actor": actor, **also})
