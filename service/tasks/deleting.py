"""Tasks deleted, with what is below them where that is asked for, and brought back with what went with them."""

from collections.abc import Set
from typing import Any
from uuid import UUID

from persistence.errors import SerializationLost
from persistence.repositories.base import Guard, Moment
from persistence.repositories.tasks import Rule
from persistence.unit_of_work import UnitOfWork
from service.errors import NotFound, ResourceDeleted
from service.etags import parse_etag
from service.identity import Caller
from service.names import TaskId
from service.tasks.refusals import live_children, no_parent, no_project, not_found, parent_completed, why, why_of
from service.tasks.schemas import Task, TaskDeletion, TaskTarget

DELETED = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
RESTORED = {"deleted_at": None, "purge_at": None}


async def delete_task(uow: UnitOfWork, caller: Caller, deletion: TaskDeletion) -> Task | TaskId:
    """With `allow_missing` a deleted task is answered as it is, and one that does not exist as its key."""
    key, guard = deletion.name, Guard(version=parse_etag(deletion.etag))
    await uow.positions.hold(key.owner_id)
    if deletion.force:  # first, since it locks the task itself with those below it, in order of id
        await uow.task_trees.delete_below(key.owner_id, [key.id], caller.id)
    row = await uow.tasks.change(key, caller.id, DELETED, guard, None if deletion.force else Rule.NO_LIVING_CHILDREN)
    return await _nothing_deleted(uow, deletion) if row is None else Task.of(row)


async def _nothing_deleted(uow: UnitOfWork, deletion: TaskDeletion) -> Task | TaskId:
    try:
        return gone_already(await uow.tasks.get_standing(*deletion.name), deletion)
    except SerializationLost:
        if deletion.force:
            raise
    raise live_children(deletion.name)


def gone_already(row: Any, deletion: TaskDeletion) -> Task | TaskId:
    """What `allow_missing` answers for a task that could not be deleted; `row` is its `get_standing`, or None.

    Raises why not, where it is not gone or `allow_missing` is not set.
    """
    reason = why_of(row, deletion.name, Guard(version=parse_etag(deletion.etag)))
    if isinstance(reason, ResourceDeleted):
        reason = deleted_already(deletion.name)
    if not deletion.allow_missing or not isinstance(reason, NotFound):
        raise reason
    return deletion.name if row is None or row.id is None else Task.of(row)


def deleted_already(key: TaskId) -> NotFound:
    return not_found(key, "The task is deleted already; UndeleteTask restores it until its purge_time.")


async def undelete_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    """What was deleted with it comes first: it is found by the moment of the task's deletion, while that is known."""
    key, guard = target.name, Guard(deleted=True, version=parse_etag(target.etag))
    await uow.positions.hold(key.owner_id)
    projects = await uow.task_trees.undelete_below(key.owner_id, [key.id], caller.id)
    row = await uow.tasks.change(key, caller.id, RESTORED, guard, Rule.PLACE_LIVES)
    if row is None:
        reason = await why(uow, key, guard)
        raise await _no_place(uow, key) if isinstance(reason, SerializationLost) else reason
    await _require_living(uow, key.owner_id, projects)
    return Task.of(row)


async def _require_living(uow: UnitOfWork, owner_id: UUID, projects: Set[UUID]) -> None:
    """Raises ReferenceNotFound where a task would come back into a project that is deleted."""
    deleted = projects - {*await uow.projects.hold(owner_id, projects)} if projects else projects
    if deleted:
        raise no_project(owner_id, min(deleted))


async def _no_place(uow: UnitOfWork, key: TaskId) -> Exception:
    row = await uow.tasks.get(*key)
    if row is None:
        return not_found(key)
    if row.project_id is not None and not await uow.projects.hold(key.owner_id, [row.project_id]):
        return no_project(key.owner_id, row.project_id)
    parent = None if row.parent_id is None else await uow.tasks.get(key.owner_id, row.parent_id)
    if parent is None:
        return SerializationLost("the task changed between two statements")
    above = TaskId(key.owner_id, parent.id)
    return no_parent(above) if parent.deleted_at is not None else parent_completed(above)
