"""Whether tasks may stand where they are to stand: below a living task, not below themselves, eight levels at most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from persistence.repositories.task_trees import LEVELS, UNFINISHED, Lineage, Relative
from service.errors import ServiceError, Violation
from service.names import TaskId
from service.subtask_errors import Cycle, TooDeep
from service.tasks.refusals import no_parent, parent_completed, ref


@dataclass(frozen=True, slots=True)
class Move:
    """A task that gets a parent, or has none any more; `state` is that of one to be made, else None."""

    id: UUID
    parent_id: UUID | None
    state: str | None


def faults(
    owner_id: UUID, lineage: Lineage, made: Mapping[UUID, Relative], moves: Sequence[Move]
) -> Iterator[tuple[Move, ServiceError]]:
    """What is wrong with the moves, if all of them happen. `made` are the tasks that the same unit makes."""
    relatives = {**lineage.relatives, **made}
    parents = {key: found.parent_id for key, found in relatives.items()} | {move.id: move.parent_id for move in moves}
    for move in moves:
        state = move.state or (relatives[move.id].state if move.id in relatives else None)
        if state is None or move.parent_id is None:
            continue  # there is no such task: the write that follows says so
        key, parent_key = TaskId(owner_id, move.id), TaskId(owner_id, move.parent_id)
        fault = _fault(key, parent_key, state, relatives, parents, lineage.heights.get(move.id, 1))
        if fault is not None:
            yield move, fault


def _fault(
    key: TaskId,
    parent_key: TaskId,
    state: str,
    relatives: Mapping[UUID, Relative],
    parents: Mapping[UUID, UUID | None],
    height: int,
) -> ServiceError | None:
    parent = relatives.get(parent_key.id)
    if parent is None or parent.deleted:
        return no_parent(parent_key)
    above = _above(key.id, parents)
    if above is None:
        return _cycle(key)
    if above + height > LEVELS:
        return _too_deep(key, above + height)
    if parent.state == "COMPLETED" and state in UNFINISHED:
        return parent_completed(parent_key)
    return None


def _above(task_id: UUID, parents: Mapping[UUID, UUID | None]) -> int | None:
    """How many tasks stand above this one, counted no further than there may be; None where it stands above itself."""
    seen, at = {task_id}, parents[task_id]
    while at is not None and len(seen) <= LEVELS:
        if at in seen:
            return None
        seen.add(at)
        at = parents.get(at)
    return len(seen) - 1


def _cycle(key: TaskId) -> Cycle:
    message = "The parent task is the task itself or below it; choose another parent."
    return Cycle(message, resource=ref(key), violations=[Violation("task.parent_task", message)])


def _too_deep(key: TaskId, levels: int) -> TooDeep:
    message = f"The task and its subtasks would reach level {levels} of at most {LEVELS}; choose a parent further up."
    violations = [Violation("task.parent_task", message)]
    return TooDeep(message, resource=ref(key), violations=violations, metadata={"limit": str(LEVELS)})
