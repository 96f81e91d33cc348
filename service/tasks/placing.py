"""What a task refers to, checked and held before it is written: parent task, project and tags of the same owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from persistence.errors import SerializationLost
from persistence.repositories.tags import NewTag
from persistence.repositories.task_trees import Relative
from persistence.unit_of_work import UnitOfWork
from service.errors import ServiceError
from service.identifiers import new_id
from service.identity import Caller
from service.tasks.hierarchy import Move, faults
from service.tasks.refusals import no_project
from service.tasks.tag_fields import TagWord


@dataclass(frozen=True, slots=True)
class Placement:
    """What one write refers to; `state` is that of a task to be made, None for one that is there already.

    `detached`: it stands below no task any more, whatever its parent was.
    """

    task_id: UUID
    parent_id: UUID | None
    project_id: UUID | None
    tags: Sequence[TagWord]
    state: str | None = None
    detached: bool = False


async def place(
    uow: UnitOfWork, caller: Caller, owner_id: UUID, placements: Sequence[Placement]
) -> Mapping[int, ServiceError]:
    """Holds all that is referred to until COMMIT, in as many statements for 500 writes as for one.

    Answers what is wrong, by the place of the write in `placements`. Raises LockTimeout.
    """
    wrong = {**await _parents(uow, owner_id, placements), **await _projects(uow, owner_id, placements)}
    await _tags(uow, caller, owner_id, placements)
    return wrong


async def place_one(uow: UnitOfWork, caller: Caller, owner_id: UUID, placement: Placement) -> None:
    """Raises what is wrong."""
    for fault in (await place(uow, caller, owner_id, [placement])).values():
        raise fault


async def _parents(uow: UnitOfWork, owner_id: UUID, placements: Sequence[Placement]) -> dict[int, ServiceError]:
    moving = [p for p in placements if p.parent_id is not None or p.detached]
    moves = {p.task_id: Move(p.task_id, p.parent_id, p.state) for p in moving}
    parents = {move.parent_id for move in moves.values() if move.parent_id is not None}
    moved = [move.id for move in moves.values() if move.state is None]
    if parents or moved:  # also of what leaves a tree: whoever works on all of that tree comes before it or after it
        await uow.positions.hold(owner_id)
    if not parents:
        return {}
    lineage = await uow.task_trees.lineage(owner_id, parents, moved)
    made = {
        p.task_id: Relative(p.task_id, p.parent_id, p.state, deleted=False) for p in placements if p.state is not None
    }
    at = {placement.task_id: place for place, placement in enumerate(placements)}
    return {at[move.id]: fault for move, fault in faults(owner_id, lineage, made, list(moves.values()))}


async def _projects(uow: UnitOfWork, owner_id: UUID, placements: Sequence[Placement]) -> dict[int, ServiceError]:
    named = {placement.project_id for placement in placements if placement.project_id is not None}
    living = await uow.projects.hold(owner_id, named) if named else ()
    return {
        place: no_project(owner_id, placement.project_id)
        for place, placement in enumerate(placements)
        if placement.project_id is not None and placement.project_id not in living
    }


async def _tags(uow: UnitOfWork, caller: Caller, owner_id: UUID, placements: Sequence[Placement]) -> None:
    words = {word.key: word for placement in reversed(placements) for word in placement.tags}
    tags = [NewTag(new_id(), key, words[key].display_name) for key in sorted(words)]
    if not tags or await uow.tags.hold(owner_id, caller.id, tags):
        return
    if await uow.users.get(owner_id) is not None:  # where there is no owner the write that follows says so
        raise SerializationLost("others took tags away again and again")
