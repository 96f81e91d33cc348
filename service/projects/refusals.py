"""Why a project cannot be written: each with the project, the task or the user that it is about."""

from typing import Any
from uuid import UUID

from persistence.errors import SerializationLost
from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.errors import AlreadyExists, NotFound, OwnerDeleted, ParentNotFound, ResourceRef, ServiceError, Violation
from service.names import PROJECT_TYPE, TASK_TYPE, USER_TYPE, ProjectId, project_name, task_name, user_name
from service.standing import why_not
from service.subtask_errors import ParentCompleted, ReferenceNotFound


def ref(key: ProjectId) -> ResourceRef:
    return ResourceRef(PROJECT_TYPE, project_name(*key))


def not_found(key: ProjectId, message: str = "There is no such project.") -> NotFound:
    return NotFound(message, resource=ref(key))


def deleted_already(key: ProjectId) -> NotFound:
    return not_found(key, "The project is deleted already; UndeleteProject restores it until its purge_time.")


def taken(key: ProjectId) -> AlreadyExists:
    message = "A project of this id exists already, perhaps deleted; choose another id, or read the project."
    return AlreadyExists(message, resource=ref(key))


def parent_not_found(owner_id: UUID) -> ParentNotFound:
    return ParentNotFound("There is no such user.", resource=ResourceRef(USER_TYPE, user_name(owner_id)))


def owner_deleted(owner_id: UUID) -> OwnerDeleted:
    message = "The user is deleted; UndeleteUser restores it until its purge_time."
    return OwnerDeleted(message, resource=ResourceRef(USER_TYPE, user_name(owner_id)))


def misplaced(owner_id: UUID, row: Any) -> ServiceError:
    """Why a task cannot come back: `row` is of `ProjectTrees.misplaced`."""
    if row.project_deleted:
        message = "A task that would come back is of another project, which is deleted; bring that back first."
        return ReferenceNotFound(message, resource=ref(ProjectId(owner_id, row.project_id)), violations=_of(message))
    above = ResourceRef(TASK_TYPE, task_name(owner_id, row.parent_id))
    if row.parent_deleted:
        message = "A task that would come back is below another, which is deleted; bring that back first."
        return ReferenceNotFound(message, resource=above, violations=_of(message))
    message = "A task that would come back is not done, and its parent task is COMPLETED; reopen that first."
    return ParentCompleted(message, resource=above, violations=_of(message))


def _of(message: str) -> list[Violation]:
    """It is the project that cannot come back."""
    return [Violation("name", message)]


async def why(uow: UnitOfWork, key: ProjectId, guard: Guard) -> Exception:
    """Why a guarded statement found no row; the race that is over meanwhile makes the unit run again."""
    row = await uow.projects.get_standing(*key)
    if row is None or row.id is None:
        return not_found(key)
    if row.owner_deleted_at is not None:
        return owner_deleted(key.owner_id)
    amiss = why_not(row, guard, ref(key), "project")
    return amiss or SerializationLost("the row changed between the statement and the look-up")


async def why_no_owner(uow: UnitOfWork, owner_id: UUID) -> Exception:
    return parent_not_found(owner_id) if await uow.users.get(owner_id) is None else owner_deleted(owner_id)
