"""Tasks and their subtasks: what stands above and below a task, and what is done to all of them at once.

Whoever asks here and writes by the answer holds the owner's row first (`owner_positions`).
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    Select,
    Uuid,
    all_,
    any_,
    bindparam,
    func,
    literal,
    null,
    select,
    true,
)

from persistence.repositories.base import RETENTION
from persistence.repositories.task_sets import OWNER as _OWNER
from persistence.repositories.task_sets import TASKS, ManyTasks, found, written

LEVELS = 8  # of tasks below each other, the first with them
UNFINISHED = ("OPEN", "IN_PROGRESS")
_IDS = ARRAY(Uuid)


@dataclass(frozen=True, slots=True)
class Relative:
    """A task that is above or below others."""

    id: UUID
    parent_id: UUID | None
    state: str
    deleted: bool


@dataclass(frozen=True, slots=True)
class Lineage:
    """The tasks asked for and all above them; and how many levels each of those asked for has, itself counted."""

    relatives: Mapping[UUID, Relative]
    heights: Mapping[UUID, int]


def _above() -> CTE:
    """The tasks of `parents` and `moved`, and what is above them, one level further than there may be."""
    asked = TASKS.c.id == any_(bindparam("parents", type_=_IDS) + bindparam("moved", type_=_IDS))
    columns = (TASKS.c.id, TASKS.c.parent_id, TASKS.c.state, TASKS.c.deleted_at)
    above = (
        select(*columns, literal(1).label("level"))
        .where(TASKS.c.owner_id == _OWNER, asked)
        .cte("above", recursive=True)
    )
    upwards = (TASKS.c.owner_id == _OWNER) & (TASKS.c.id == above.c.parent_id)
    return above.union_all(
        select(*columns, above.c.level + 1).join_from(above, TASKS, upwards).where(above.c.level <= LEVELS)
    )


def _below() -> CTE:
    """What is below the tasks of `moved`, deleted ones too; where another one of `moved` stands it ends."""
    moved = bindparam("moved", type_=_IDS)
    first = select(TASKS.c.id.label("root"), TASKS.c.id, literal(1).label("height"))
    below = first.where(TASKS.c.owner_id == _OWNER, TASKS.c.id == any_(moved)).cte("below", recursive=True)
    downwards = (TASKS.c.owner_id == _OWNER) & (TASKS.c.parent_id == below.c.id) & (TASKS.c.id != all_(moved))
    return below.union_all(
        select(below.c.root, TASKS.c.id, below.c.height + 1)
        .join_from(below, TASKS, downwards)
        .where(below.c.height <= LEVELS)
    )


def _lineage() -> Select[Any]:
    above, below = _above(), _below()
    heights = select(below.c.root, func.max(below.c.height).label("height")).group_by(below.c.root).subquery("heights")
    shown = (above.c.id, above.c.parent_id, above.c.state, above.c.deleted_at.is_not(None).label("deleted"))
    return (
        select(*shown, heights.c.height)
        .distinct()
        .join_from(above, heights, heights.c.root == above.c.id, isouter=True)
    )


_LINEAGE = _lineage()
_WITH_CHILDREN = (
    select(TASKS.c.parent_id)
    .where(
        TASKS.c.owner_id == _OWNER,
        TASKS.c.parent_id == any_(bindparam("ids", type_=_IDS)),
        TASKS.c.deleted_at.is_(None),
        TASKS.c.id != all_(bindparam("ids", type_=_IDS)),
    )
    .distinct()
)


def tree(*, deleted: bool) -> CTE:
    """The tasks of `ids` and what is below them: of living ones the living, of deleted ones what went with them."""
    alike = TASKS.c.deleted_at.is_(None) if not deleted else true()
    first = select(TASKS.c.id, TASKS.c.deleted_at, literal(1).label("level"))
    asked = (TASKS.c.owner_id == _OWNER, TASKS.c.id == any_(bindparam("ids", type_=_IDS)))
    tree = first.where(*asked, TASKS.c.deleted_at.is_not(None) if deleted else true()).cte("tree", recursive=True)
    within = TASKS.c.deleted_at == tree.c.deleted_at if deleted else alike
    downwards = (TASKS.c.owner_id == _OWNER) & (TASKS.c.parent_id == tree.c.id) & within
    below = select(TASKS.c.id, TASKS.c.deleted_at, tree.c.level + 1).join_from(tree, TASKS, downwards)
    return tree.union_all(below.where(tree.c.level <= LEVELS))


def _all_of(tree: CTE) -> Select[Any]:
    return found(select(tree.c.id))


_FIND_LIVING = _all_of(tree(deleted=False))
_FIND_GONE = _all_of(tree(deleted=True))
_LIVING = TASKS.c.deleted_at.is_(None)
_OPEN = TASKS.c.state == any_(bindparam("unfinished", type_=ARRAY(TASKS.c.state.type)))
_DELETE = written(_LIVING, deleted_at=func.now(), purge_at=func.now() + RETENTION)
_UNDELETE = written(deleted_at=null(), purge_at=null()).returning(TASKS.c.project_id)
_COMPLETE = written(_LIVING, _OPEN, state="COMPLETED", complete_at=func.now())


class TaskTrees(ManyTasks):
    __slots__ = ()

    async def lineage(self, owner_id: UUID, parents: Collection[UUID], moved: Collection[UUID]) -> Lineage:
        """Of the tasks that get a parent (`moved`, as far as they exist) and of those parents."""
        rows = await self._all(_LINEAGE, {"owner": owner_id, "parents": [*parents], "moved": [*moved]})
        relatives = {row.id: Relative(row.id, row.parent_id, row.state, row.deleted) for row in rows}
        return Lineage(relatives, {row.id: row.height for row in rows if row.height is not None})

    async def with_living_children(self, owner_id: UUID, ids: Sequence[UUID]) -> Collection[UUID]:
        """Which of these have a living subtask that is not one of these."""
        return {row.parent_id for row in await self._all(_WITH_CHILDREN, {"owner": owner_id, "ids": [*ids]})}

    async def delete_below(self, owner_id: UUID, ids: Sequence[UUID], actor: UUID) -> int:
        """The living tasks below these, to the last level, but not these."""
        return await self._write(_DELETE, owner_id, await self._below(_FIND_LIVING, owner_id, ids), {"actor": actor})

    async def undelete_below(self, owner_id: UUID, ids: Sequence[UUID], actor: UUID) -> Set[UUID]:
        """The tasks below these that were deleted at the same moment, while these are still deleted.

        Answers the projects that they are in, which may be deleted.
        """
        below = await self._below(_FIND_GONE, owner_id, ids)
        if not below:
            return set()
        self._owners.add(owner_id)
        rows = await self._all(_UNDELETE, {"owner": owner_id, "chosen": below, "actor": actor})
        return {row.project_id for row in rows} - {None}

    async def complete_below(self, owner_id: UUID, ids: Sequence[UUID], actor: UUID) -> int:
        """The living tasks below these that are not finished."""
        below = await self._below(_FIND_LIVING, owner_id, ids)
        return await self._write(_COMPLETE, owner_id, below, {"actor": actor, "unfinished": UNFINISHED})

    async def _below(self, statement: Select[Any], owner_id: UUID, ids: Sequence[UUID]) -> list[UUID]:
        """Held together with these, in order of id: of two units that write the same tasks one waits for the other."""
        found_ids = await self._find(statement, owner_id, {"ids": [*ids]})
        below = [task_id for task_id in found_ids if task_id not in ids]
        if below:
            await self._hold(owner_id, found_ids)
        return below
