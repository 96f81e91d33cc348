"""Projects deleted, with or without their tasks, and brought back with exactly the tasks that went with them."""

from persistence.errors import SerializationLost
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from service.errors import NotFound, ResourceDeleted, ServiceError
from service.etags import parse_etag
from service.identity import Caller
from service.names import ProjectId
from service.projects.refusals import deleted_already, misplaced, why
from service.projects.schemas import Project, ProjectDeletion, ProjectTarget

_DELETED = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
_RESTORED = {"deleted_at": None, "purge_at": None}


async def delete_project(uow: UnitOfWork, caller: Caller, deletion: ProjectDeletion) -> Project | ProjectId:
    """With `allow_missing` a deleted project is answered as it is, and one that does not exist as its key."""
    key, guard = deletion.name, Guard(version=parse_etag(deletion.etag))
    await uow.positions.hold(key.owner_id)
    row = await uow.projects.change(key, caller.id, _DELETED, guard)
    if row is None:
        return await _nothing_deleted(uow, deletion, guard)
    # Whoever names the project in a task holds it: that task was waited for, and is there for the next statement.
    settle = uow.project_trees.delete if deletion.force else uow.project_trees.release
    await settle(key.owner_id, key.id, caller.id)
    return Project.of(row).model_copy(update={"task_count": 0})  # as many as a deleted project has


async def _nothing_deleted(uow: UnitOfWork, deletion: ProjectDeletion, guard: Guard) -> Project | ProjectId:
    reason = await why(uow, deletion.name, guard)
    if isinstance(reason, ResourceDeleted):
        reason = deleted_already(deletion.name)
    if not deletion.allow_missing or not isinstance(reason, NotFound):
        raise reason
    gone = await uow.projects.get(*deletion.name)
    if gone is not None and gone.deleted_at is None:
        raise SerializationLost("the project came back between two statements")
    return deletion.name if gone is None else Project.of(gone)


async def undelete_project(uow: UnitOfWork, caller: Caller, target: ProjectTarget) -> Project:
    """The tasks come first, so that the project is answered with their number."""
    key, guard = target.name, Guard(deleted=True, version=parse_etag(target.etag))
    await uow.positions.hold(key.owner_id)
    fault = await _undelete_tasks(uow, caller, key)
    row = await uow.projects.change(key, caller.id, _RESTORED, guard)
    if row is None:
        raise await why(uow, key, guard)
    if fault is not None:
        raise fault
    return Project.of(row)


async def _undelete_tasks(uow: UnitOfWork, caller: Caller, key: ProjectId) -> ServiceError | None:
    """Answers why one of them cannot stand where it was, which matters only where the project itself may come back."""
    project = await uow.projects.get_locked(*key)
    if project is None or project.deleted_at is None:
        return None
    amiss = await uow.project_trees.misplaced(*key, project.deleted_at)
    if amiss is not None:
        return misplaced(key.owner_id, amiss)
    await uow.project_trees.undelete(*key, project.deleted_at, caller.id)
    return None
