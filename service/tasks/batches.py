"""Many tasks of one user made at once, all or none (AIP-233), and what every batch is made of."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar
from uuid import UUID

from persistence.unit_of_work import UnitOfWork
from service.errors import ServiceError
from service.fields import Command
from service.identifiers import new_id
from service.identity import Caller
from service.names import TaskId, UserName
from service.tasks.placing import place
from service.tasks.refusals import why_no_owner
from service.tasks.schemas import Task, TaskDraft
from service.tasks.usecases import placement, taken

Item = TypeVar("Item")


class TaskBatch(Command, Generic[Item]):
    """What is to be done to tasks below one parent, in the order of the requests; it has at least one item."""

    parent: UserName
    items: tuple[Item, ...]


def refuse_first(faults: Mapping[int, ServiceError]) -> None:
    """Raises the first of the faults, by the places of the items, in the order of the requests."""
    if faults:
        first = min(faults)
        raise at(first, faults[first])


def at(number: int, fault: Exception) -> Exception:
    """The fault of this item; what is not for the caller, such as a lost race, stays as it is."""
    return fault.within(f"requests[{number}]") if isinstance(fault, ServiceError) else fault


async def batch_create_tasks(uow: UnitOfWork, caller: Caller, batch: TaskBatch[TaskDraft]) -> list[Task]:
    drafts = {draft.task_id or new_id(): draft for draft in batch.items}
    placements = [placement(draft, task_id, "OPEN") for task_id, draft in drafts.items()]
    refuse_first(await place(uow, caller, batch.parent, placements))
    rows = await make_tasks(uow, caller, batch.parent, drafts)
    refuse_first({n: taken(TaskId(batch.parent, id_)) for n, id_ in enumerate(drafts) if id_ not in rows})
    return Task.of_all([rows[task_id] for task_id in drafts])


async def make_tasks(
    uow: UnitOfWork, caller: Caller, owner_id: UUID, drafts: Mapping[UUID, TaskDraft]
) -> Mapping[UUID, Any]:
    """The rows of the tasks, but for those whose id is taken. Raises ParentNotFound, OwnerDeleted."""
    columns = [{"id": task_id, **draft.columns()} for task_id, draft in drafts.items()]
    rows = await uow.task_batches.add_many(owner_id, caller.id, columns)
    if not rows:  # all are taken, or the owner does not live
        owner = await uow.users.get(owner_id)
        if owner is None or owner.deleted_at is not None:
            raise await why_no_owner(uow, owner_id)
    return rows
