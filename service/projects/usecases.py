"""What can be done with projects, but for deleting them. Returning commits, raising rolls back."""

from persistence.errors import SerializationLost, UniqueViolation
from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.errors import AlreadyExists, NotFound
from service.etags import parse_etag
from service.identifiers import new_id
from service.identity import Caller
from service.names import ProjectId
from service.projects.refusals import not_found, parent_not_found, taken, why, why_no_owner
from service.projects.schemas import Project, ProjectDraft, ProjectPage, ProjectPatch, ProjectQuery


async def create_project(uow: UnitOfWork, caller: Caller, draft: ProjectDraft) -> Project:
    key = ProjectId(draft.parent, draft.project_id or new_id())
    try:
        row = await uow.projects.add(key, caller.id, draft.columns())
    except UniqueViolation:
        raise taken(key) from None
    if row is None:
        raise await why_no_owner(uow, key.owner_id)
    return Project.of(row)


async def get_project(uow: UnitOfWork, caller: Caller, key: ProjectId) -> Project:
    row = await uow.projects.get(*key)
    if row is None:
        raise not_found(key)
    return Project.of(row)


async def list_projects(uow: UnitOfWork, caller: Caller, query: ProjectQuery) -> ProjectPage:
    found = await uow.projects.page(query.parent, query.asked)
    if not found.rows and found.stopped is None and await uow.users.get(query.parent) is None:
        raise parent_not_found(query.parent)
    return ProjectPage(Project.of_all(found.rows), found.stopped)


async def update_project(uow: UnitOfWork, caller: Caller, patch: ProjectPatch) -> Project:
    guard = Guard(version=parse_etag(patch.etag))
    row = await uow.projects.change(patch.name, caller.id, patch.columns(), guard)
    if row is None:
        return await _upsert(uow, caller, patch, guard)
    return Project.of(row)


async def _upsert(uow: UnitOfWork, caller: Caller, patch: ProjectPatch, guard: Guard) -> Project:
    reason = await why(uow, patch.name, guard)
    if not isinstance(reason, NotFound):
        raise reason
    if patch.draft is None:
        raise patch.draft_fault or reason
    try:
        return await create_project(uow, caller, patch.draft)
    except AlreadyExists as made_meanwhile:
        raise SerializationLost("another call made the project") from made_meanwhile  # the unit runs again and updates
