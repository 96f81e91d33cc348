"""Many tasks of one user changed at once, all or none (AIP-234); with `allow_missing` some of them are made."""

from collections.abc import Mapping
from typing import Any

from persistence.errors import SerializationLost
from persistence.repositories.base import Guard
from persistence.repositories.task_batches import TaskChange
from persistence.unit_of_work import UnitOfWork
from service.errors import InvalidArgument, NotFound
from service.etags import parse_etag
from service.identity import Caller
from service.tasks.batches import TaskBatch, at, make_tasks, refuse_first
from service.tasks.metadata import require_bounded
from service.tasks.placing import Placement, place
from service.tasks.refusals import not_found, why
from service.tasks.schemas import Task, TaskDraft, TaskPatch
from service.tasks.usecases import placement

Patches = TaskBatch[TaskPatch]
Drafts = Mapping[int, TaskDraft]  # of the tasks that are not there yet, by the places of the items


async def batch_update_tasks(uow: UnitOfWork, caller: Caller, batch: Patches) -> list[Task]:
    """What is made comes first: what is changed may name it as its parent."""
    drafts = await _to_be_made(uow, batch)
    placements = [_placement(patch, drafts.get(number)) for number, patch in enumerate(batch.items)]
    refuse_first(await place(uow, caller, batch.parent, placements))
    rows = {**await _make(uow, caller, batch, drafts), **await _change(uow, caller, batch, drafts)}
    for number, patch in enumerate(batch.items):
        if patch.name.id not in rows:
            raise await _why(uow, number, patch)
        _require_bounded(number, patch, rows[patch.name.id])
    return Task.of_all([rows[patch.name.id] for patch in batch.items])


async def _to_be_made(uow: UnitOfWork, batch: Patches) -> Drafts:
    asked = {number: patch for number, patch in enumerate(batch.items) if patch.allow_missing}
    if not asked:
        return {}
    known = await uow.task_batches.existing(batch.parent, [patch.name.id for patch in asked.values()])
    missing = {number: patch for number, patch in asked.items() if patch.name.id not in known}
    refuse_first({n: patch.draft_fault or not_found(patch.name) for n, patch in missing.items() if patch.draft is None})
    return {number: patch.draft for number, patch in missing.items() if patch.draft is not None}


def _placement(patch: TaskPatch, draft: TaskDraft | None) -> Placement:
    return placement(patch, patch.name.id) if draft is None else placement(draft, patch.name.id, "OPEN")


async def _make(uow: UnitOfWork, caller: Caller, batch: Patches, drafts: Drafts) -> Mapping[Any, Any]:
    if not drafts:
        return {}
    named = {batch.items[number].name.id: draft for number, draft in drafts.items()}
    rows = await make_tasks(uow, caller, batch.parent, named)
    if len(rows) < len(named):
        raise SerializationLost("another call made a task of the batch")  # the unit runs again and updates it
    return rows


async def _change(uow: UnitOfWork, caller: Caller, batch: Patches, drafts: Drafts) -> Mapping[Any, Any]:
    changes = [
        TaskChange(patch.name.id, parse_etag(patch.etag), patch.columns())
        for number, patch in enumerate(batch.items)
        if number not in drafts
    ]
    return await uow.task_batches.change_many(batch.parent, caller.id, changes) if changes else {}


async def _why(uow: UnitOfWork, number: int, patch: TaskPatch) -> Exception:
    reason = await why(uow, patch.name, Guard(version=parse_etag(patch.etag)))
    if patch.allow_missing and isinstance(reason, NotFound):
        return SerializationLost("the task was purged meanwhile")  # the unit runs again and makes it
    return at(number, reason)


def _require_bounded(number: int, patch: TaskPatch, row: Any) -> None:
    if not patch.metadata_set:
        return
    try:
        require_bounded(row.metadata)
    except InvalidArgument as fault:
        raise at(number, fault) from None
