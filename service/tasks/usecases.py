"""What can be done with tasks. Returning commits, raising rolls back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from persistence.errors import SerializationLost, UniqueViolation
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from service.errors import (
    AlreadyExists,
    AmbiguousName,
    IllegalTransition,
    NotFound,
    OwnerDeleted,
    ParentNotFound,
    ResourceDeleted,
    ResourceRef,
)
from service.etags import parse_etag
from service.identifiers import new_id
from service.identity import Caller
from service.names import ACROSS, TASK_TYPE, USER_TYPE, AnyTask, TaskId, task_name, user_name
from service.standing import why_not
from service.tasks.schemas import Task, TaskDeletion, TaskDraft, TaskPatch, TaskQuery, TaskTarget


@dataclass(frozen=True, slots=True)
class Transition:
    """A state change: from which states, and what it writes."""

    verb: str
    sources: tuple[str, ...]
    columns: Mapping[str, object]


START = Transition("start", ("OPEN",), {"state": "IN_PROGRESS", "start_at": Moment.NOW})
COMPLETE = Transition("complete", ("OPEN", "IN_PROGRESS"), {"state": "COMPLETED", "complete_at": Moment.NOW})
CANCEL = Transition("cancel", ("OPEN", "IN_PROGRESS"), {"state": "CANCELLED"})
REOPEN = Transition("reopen", ("COMPLETED", "CANCELLED"), {"state": "OPEN", "start_at": None, "complete_at": None})


async def create_task(uow: UnitOfWork, caller: Caller, draft: TaskDraft) -> Task:
    task_id = draft.task_id or new_id()
    try:
        row = await uow.tasks.add(draft.parent, task_id, caller.id, draft.columns())
    except UniqueViolation:
        message = "A task of this id exists already, perhaps deleted; choose another id, or read the task."
        raise AlreadyExists(message, resource=_ref(TaskId(draft.parent, task_id))) from None
    if row is None:
        raise await _why_no_owner(uow, TaskId(draft.parent, task_id))
    return Task.of(row)


async def get_task(uow: UnitOfWork, caller: Caller, key: AnyTask) -> Task:
    if key.owner_id is None:
        return await _find_task(uow, key.id)
    row = await uow.tasks.get(key.owner_id, key.id)
    if row is None:
        raise _not_found(TaskId(key.owner_id, key.id))
    return Task.of(row)


async def _find_task(uow: UnitOfWork, task_id: UUID) -> Task:
    rows = await uow.tasks.find_across(task_id)
    if not rows:
        raise NotFound("No user has such a task.", resource=ResourceRef(TASK_TYPE, f"users/{ACROSS}/tasks/{task_id}"))
    if len(rows) > 1:
        raise AmbiguousName("Several users have a task of this id; name the owner.")
    return Task.of(rows[0])


async def list_tasks(uow: UnitOfWork, caller: Caller, query: TaskQuery) -> list[Task]:
    """One task more than the page holds, where there is more."""
    most, deleted = query.size + 1, query.show_deleted
    if query.parent is None:
        after = (query.after[0], query.after[1]) if query.after else None
        return Task.of_all(await uow.tasks.list_across(after, most, deleted=deleted))
    rows = await uow.tasks.list_for_owner(query.parent, query.after[0] if query.after else None, most, deleted=deleted)
    if not rows and await uow.users.get(query.parent) is None:
        raise _parent_not_found(query.parent)
    return Task.of_all(rows)


async def update_task(uow: UnitOfWork, caller: Caller, patch: TaskPatch) -> Task:
    guard = Guard(version=parse_etag(patch.etag))
    row = await uow.tasks.change(*patch.name, caller.id, patch.columns(), guard)
    if row is not None:
        return Task.of(row)
    why = await _why(uow, patch.name, guard)
    if not isinstance(why, NotFound):
        raise why
    if patch.draft is None:
        raise patch.draft_fault or why
    try:
        return await create_task(uow, caller, patch.draft)
    except AlreadyExists as made_meanwhile:
        raise SerializationLost("another call made the task") from made_meanwhile  # the unit runs again and updates it


async def delete_task(uow: UnitOfWork, caller: Caller, deletion: TaskDeletion) -> Task | TaskId:
    """With `allow_missing` a deleted task is answered as it is, and one that does not exist as its key."""
    guard = Guard(version=parse_etag(deletion.etag))
    columns = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
    row = await uow.tasks.change(*deletion.name, caller.id, columns, guard)
    if row is not None:
        return Task.of(row)
    why = await _why(uow, deletion.name, guard)
    if isinstance(why, ResourceDeleted):
        why = _not_found(deletion.name, "The task is deleted already; UndeleteTask restores it until its purge_time.")
    if not deletion.allow_missing or not isinstance(why, NotFound):
        raise why
    gone = await uow.tasks.get(*deletion.name)
    if gone is not None and gone.deleted_at is None:
        raise SerializationLost("the task came back between two statements")
    return deletion.name if gone is None else Task.of(gone)


async def undelete_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    guard = Guard(deleted=True, version=parse_etag(target.etag))
    row = await uow.tasks.change(*target.name, caller.id, {"deleted_at": None, "purge_at": None}, guard)
    if row is None:
        raise await _why(uow, target.name, guard)
    return Task.of(row)


async def start_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    return await _transit(uow, caller, target, START)


async def complete_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    return await _transit(uow, caller, target, COMPLETE)


async def cancel_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    return await _transit(uow, caller, target, CANCEL)


async def reopen_task(uow: UnitOfWork, caller: Caller, target: TaskTarget) -> Task:
    return await _transit(uow, caller, target, REOPEN)


async def _transit(uow: UnitOfWork, caller: Caller, target: TaskTarget, transition: Transition) -> Task:
    guard = Guard(version=parse_etag(target.etag), states=transition.sources)
    row = await uow.tasks.change(*target.name, caller.id, transition.columns, guard)
    if row is None:
        raise await _why(uow, target.name, guard, transition)
    return Task.of(row)


async def _why(uow: UnitOfWork, key: TaskId, guard: Guard, transition: Transition | None = None) -> Exception:
    """Why a guarded statement found no row; the race that is over meanwhile makes the unit run again."""
    row = await uow.tasks.get_standing(*key)
    if row is None or row.id is None:
        return _not_found(key)
    if row.owner_deleted_at is not None:
        return _owner_deleted(key)
    amiss = why_not(row, guard, _ref(key), "task") or _why_not_from(row.state, key, transition)
    return amiss or SerializationLost("the row changed between the statement and the look-up")


def _why_not_from(state: str, key: TaskId, transition: Transition | None) -> IllegalTransition | None:
    if transition is None or state in transition.sources:
        return None
    message = f"A task in state {state} cannot {transition.verb}; allowed from {', '.join(transition.sources)}."
    return IllegalTransition(message, resource=_ref(key), metadata={"state": state})


async def _why_no_owner(uow: UnitOfWork, key: TaskId) -> Exception:
    return _parent_not_found(key.owner_id) if await uow.users.get(key.owner_id) is None else _owner_deleted(key)


def _ref(key: TaskId) -> ResourceRef:
    return ResourceRef(TASK_TYPE, task_name(*key))


def _not_found(key: TaskId, message: str = "There is no such task.") -> NotFound:
    return NotFound(message, resource=_ref(key))


def _parent_not_found(owner_id: Any) -> ParentNotFound:
    return ParentNotFound("There is no such user.", resource=ResourceRef(USER_TYPE, user_name(owner_id)))


def _owner_deleted(key: TaskId) -> OwnerDeleted:
    message = "The user is deleted; UndeleteUser restores it until its purge_time."
    return OwnerDeleted(message, resource=ResourceRef(USER_TYPE, user_name(key.owner_id)))
