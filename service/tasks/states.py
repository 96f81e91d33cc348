"""How far tasks are: each change of state from the states that allow it, and what it asks of parent and subtasks."""

from collections.abc import Mapping
from dataclasses import dataclass

from persistence.errors import SerializationLost
from persistence.repositories.base import Guard, Moment
from persistence.repositories.tasks import Rule
from persistence.unit_of_work import UnitOfWork
from service.errors import ServiceError
from service.etags import parse_etag
from service.identity import Caller
from service.tasks.refusals import open_children, parent_completed, why
from service.tasks.schemas import Task, TaskTarget


@dataclass(frozen=True, slots=True)
class Transition:
    """A state change: from which states, what it writes, and what must hold of the tasks around."""

    verb: str
    sources: tuple[str, ...]
    columns: Mapping[str, object]
    rule: Rule | None = None


START = Transition("start", ("OPEN",), {"state": "IN_PROGRESS", "start_at": Moment.NOW})
COMPLETE = Transition(
    "complete", ("OPEN", "IN_PROGRESS"), {"state": "COMPLETED", "complete_at": Moment.NOW}, Rule.NO_OPEN_CHILDREN
)
CANCEL = Transition("cancel", ("OPEN", "IN_PROGRESS"), {"state": "CANCELLED"})
REOPEN = Transition(
    "reopen",
    ("COMPLETED", "CANCELLED"),
    {"state": "OPEN", "start_at": None, "complete_at": None},
    Rule.PARENT_NOT_COMPLETED,
)


async def start_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    return await _transit(uow, caller, target, START)


async def complete_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    """With `force` the open tasks below it are completed too."""
    await uow.positions.hold(target.name.owner_id)
    if target.force:
        await uow.task_trees.complete_below(target.name.owner_id, [target.name.id], caller.id)
    return await _transit(uow, caller, target, COMPLETE)


async def cancel_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    return await _transit(uow, caller, target, CANCEL)


async def reopen_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    await uow.positions.hold(target.name.owner_id)
    return await _transit(uow, caller, target, REOPEN)


async def _transit(uow: UnitOfWork, caller: Caller, target: TaskTarget, transition: Transition) -> Task:
    guard = Guard(version=parse_etag(target.etag), states=transition.sources)
    row = await uow.tasks.change(target.name, caller.id, transition.columns, guard, transition.rule)
    if row is None:
        reason = await why(uow, target.name, guard, transition.verb)
        raise await _ruled_out(uow, target, transition) if isinstance(reason, SerializationLost) else reason
    return Task.of(row)


async def _ruled_out(uow: UnitOfWork, target: TaskTarget, transition: Transition) -> ServiceError | SerializationLost:
    """Nothing is amiss with the task itself."""
    if transition.rule is Rule.NO_OPEN_CHILDREN:
        return open_children(target.name)
    row = await uow.tasks.get(*target.name)
    if transition.rule is None or row is None or row.parent_id is None:
        return SerializationLost("the row changed between the statement and the look-up")
    return parent_completed(target.name._replace(id=row.parent_id))
