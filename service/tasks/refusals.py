"""Why a task cannot be written: each with the task, the project or the user that it is about."""

from typing import Any
from uuid import UUID

from persistence.errors import SerializationLost
from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.errors import IllegalTransition, NotFound, OwnerDeleted, ParentNotFound, ResourceRef, Violation
from service.names import PROJECT_TYPE, TASK_TYPE, USER_TYPE, TaskId, project_name, task_name, user_name
from service.standing import why_not
from service.subtask_errors import LiveChildren, OpenChildren, ParentCompleted, ReferenceNotFound


def ref(key: TaskId) -> ResourceRef:
    return ResourceRef(TASK_TYPE, task_name(*key))


def not_found(key: TaskId, message: str = "There is no such task.") -> NotFound:
    return NotFound(message, resource=ref(key))


def parent_not_found(owner_id: UUID) -> ParentNotFound:
    return ParentNotFound("There is no such user.", resource=ResourceRef(USER_TYPE, user_name(owner_id)))


def owner_deleted(owner_id: UUID) -> OwnerDeleted:
    message = "The user is deleted; UndeleteUser restores it until its purge_time."
    return OwnerDeleted(message, resource=ResourceRef(USER_TYPE, user_name(owner_id)))


def no_project(owner_id: UUID, project_id: UUID) -> ReferenceNotFound:
    message = "The project does not exist or is deleted; name another, or bring it back."
    resource = ResourceRef(PROJECT_TYPE, project_name(owner_id, project_id))
    return ReferenceNotFound(message, resource=resource, violations=[Violation("task.project", message)])


def no_parent(key: TaskId) -> ReferenceNotFound:
    message = "The parent task does not exist or is deleted; name another, or bring it back."
    return ReferenceNotFound(message, resource=ref(key), violations=[Violation("task.parent_task", message)])


def parent_completed(key: TaskId) -> ParentCompleted:
    message = "The parent task is COMPLETED, and this one would not be; reopen the parent first."
    return ParentCompleted(message, resource=ref(key), violations=[Violation("task.parent_task", message)])


def live_children(key: TaskId) -> LiveChildren:
    message = "The task has subtasks that are not deleted; delete them first, or all of it with `force`."
    return LiveChildren(message, resource=ref(key))


def open_children(key: TaskId) -> OpenChildren:
    message = "The task has subtasks that are OPEN or IN_PROGRESS; complete them first, or all of it with `force`."
    return OpenChildren(message, resource=ref(key))


def wrong_state(key: TaskId, state: str, verb: str, sources: tuple[str, ...]) -> IllegalTransition:
    message = f"A task in state {state} cannot {verb}; allowed from {', '.join(sources)}."
    return IllegalTransition(message, resource=ref(key), metadata={"state": state})


async def why(uow: UnitOfWork, key: TaskId, guard: Guard, verb: str = "") -> Exception:
    """Why a guarded statement found no row; the race that is over meanwhile makes the unit run again."""
    return why_of(await uow.tasks.get_standing(*key), key, guard, verb)


def why_of(row: Any, key: TaskId, guard: Guard, verb: str = "") -> Exception:
    """As `why`, of a row that was looked up already (`Tasks.get_standing`)."""
    if row is None or row.id is None:
        return not_found(key)
    if row.owner_deleted_at is not None:
        return owner_deleted(key.owner_id)
    amiss = why_not(row, guard, ref(key), "task")
    if amiss is None and guard.states is not None and row.state not in guard.states:
        return wrong_state(key, row.state, verb, guard.states)
    return amiss or SerializationLost("the row changed between the statement and the look-up")


async def why_no_owner(uow: UnitOfWork, owner_id: UUID) -> Exception:
    return parent_not_found(owner_id) if await uow.users.get(owner_id) is None else owner_deleted(owner_id)
