"""Many tasks of one user deleted at once, all or none (AIP-235); what matters is what is left when all are."""

from collections.abc import Collection, Mapping
from uuid import UUID

from persistence.unit_of_work import UnitOfWork
from service.errors import ServiceError
from service.etags import parse_etag
from service.identity import Caller
from service.names import TaskId
from service.tasks.batches import TaskBatch, at, refuse_first
from service.tasks.deleting import gone_already
from service.tasks.refusals import live_children
from service.tasks.schemas import Task, TaskDeletion

Deletions = TaskBatch[TaskDeletion]


async def batch_delete_tasks(uow: UnitOfWork, caller: Caller, batch: Deletions) -> list[Task | TaskId]:
    """With `allow_missing` a deleted task is answered as it is, and one that does not exist as its key."""
    await uow.positions.hold(batch.parent)
    asked = {deletion.name.id: parse_etag(deletion.etag) for deletion in batch.items}
    forced = [deletion.name.id for deletion in batch.items if deletion.force]
    rows = await uow.task_batches.delete_many(batch.parent, caller.id, asked, forced)
    gone = await _gone_already(uow, batch, asked.keys() - rows.keys())
    await _require_no_children(uow, batch)
    deleted = {task.id: task for task in Task.of_all([*rows.values()])}
    answers = {**gone, **deleted}
    return [answers[task_id] for task_id in asked]


async def _gone_already(uow: UnitOfWork, batch: Deletions, missing: Collection[UUID]) -> Mapping[UUID, Task | TaskId]:
    if not missing:
        return {}
    rows = await uow.task_batches.get_standings(batch.parent, missing)
    gone: dict[UUID, Task | TaskId] = {}
    for number, deletion in enumerate(batch.items):
        task_id = deletion.name.id
        if task_id in missing:
            try:
                gone[task_id] = gone_already(rows.get(task_id), deletion)
            except ServiceError as reason:
                raise at(number, reason) from None
    return gone


async def _require_no_children(uow: UnitOfWork, batch: Deletions) -> None:
    """After the deletion: what goes with the batch is no living subtask any more."""
    unforced = {deletion.name.id: number for number, deletion in enumerate(batch.items) if not deletion.force}
    if unforced:
        parents = await uow.task_trees.with_living_children(batch.parent, [*unforced])
        refuse_first({unforced[key]: live_children(TaskId(batch.parent, key)) for key in parents})
