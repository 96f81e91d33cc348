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
)

from persistence.models import ProjectRow
from persistence.repositories.base import RETENTION
from persistence.repositories.task_sets import OWNER as _OWNER
from persistence.repositories.task_sets import TASKS, ManyTasks, found, written
from persistence.repositories.task_trees import UNFINISHED

PROJECTS = ProjectRow.metadata.tables["projects"]
_PROJECT: ColumnElement[UUID] = bindparam("project", type_=Uuid)
_LIVING = TASKS.c.deleted_at.is_(None)
# Not `=`: that would let PostgreSQL look through everybody's deleted tasks, by the index that the purge has.
_WENT_WITH_IT = TASKS.c.deleted_at.is_not_distinct_from(bindparam("moment", type_=DateTime(timezone=True)))


def _tree(alike: ColumnElement[bool]) -> CTE:
    """The ids of the project's tasks that are `alike`, and of those below them, of whatever project."""
    tree = select(TASKS.c.id).where(TASKS.c.owner_id == _OWNER, TASKS.c.project_id == _PROJECT, alike)
    found = tree.cte("tree", recursive=True)
    downwards = (TASKS.c.owner_id == _OWNER) & (TASKS.c.parent_id == found.c.id)
    return found.union(select(TASKS.c.id).join_from(found, TASKS, downwards).where(alike))


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


def _of_tree(tree: CTE) -> Select[Any]:
    return found(select(tree.c.id))


_FIND_ITS_OWN = found(select(TASKS.c.id).where(TASKS.c.owner_id == _OWNER, TASKS.c.project_id == _PROJECT))
_FIND_LIVING = _of_tree(_tree(_LIVING))
_FIND_GONE = _of_tree(_tree(_WENT_WITH_IT))
_DELETE = written(_LIVING, deleted_at=func.now(), purge_at=func.now() + RETENTION)
_RELEASE = written(TASKS.c.project_id == _PROJECT, project_id=null())
_UNDELETE = written(deleted_at=null(), purge_at=null())
_MISPLACED = _misplaced()


class ProjectTrees(ManyTasks):
    __slots__ = ()

    async def release(self, owner_id: UUID, project_id: UUID, actor: UUID) -> int:
        """The tasks of the project, living and deleted, are of none any more."""
        ids = await self._find(_FIND_ITS_OWN, owner_id, {"project": project_id})
        return await self._write(_RELEASE, owner_id, ids, {"project": project_id, "actor": actor})

    async def delete(self, owner_id: UUID, project_id: UUID, actor: UUID) -> int:
        """The living tasks of the project and all living ones below them.

        They are locked in a statement of their own: the next one sees which of them were moved out of the tree by whom
        it waited for, and nobody moves one into it meanwhile.
        """
        named = {"project": project_id}
        await self._hold(owner_id, await self._find(_FIND_LIVING, owner_id, named))
        ids = await self._find(_FIND_LIVING, owner_id, named)
        return await self._write(_DELETE, owner_id, ids, {"actor": actor})

    async def misplaced(self, owner_id: UUID, project_id: UUID, moment: datetime) -> Row[Any] | None:
        """Of the tasks that `undelete` brings back the first that could not stand where it was, None where all can.

        It names the other project of the task (`project_id`, `project_deleted`), and its parent that does not come back
        with it (`parent_id`, `parent_deleted`): one of the two is deleted, or the parent COMPLETED and the task not.
        """
        named = {"owner": owner_id, "project": project_id, "moment": moment, "unfinished": UNFINISHED}
        return await self._one(_MISPLACED, named)

    async def undelete(self, owner_id: UUID, project_id: UUID, moment: datetime, actor: UUID) -> int:
        """The tasks of the project that were deleted at this moment, and what was below them at this moment."""
        ids = await self._find(_FIND_GONE, owner_id, {"project": project_id, "moment": moment})
        return await self._write(_UNDELETE, owner_id, ids, {"actor": actor})
