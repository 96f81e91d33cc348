"""What can be done with tasks one by one. Returning commits, raising rolls back."""

from collections.abc import Sequence
from uuid import UUID

from persistence.errors import SerializationLost, UniqueViolation
from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.errors import AlreadyExists, AmbiguousName, NotFound, ResourceRef
from service.etags import parse_etag
from service.identifiers import new_id
from service.identity import Caller
from service.names import ACROSS, TASK_TYPE, AnyTask, TaskId
from service.tasks.metadata import require_bounded
from service.tasks.placing import Placement, place_one
from service.tasks.refusals import not_found, parent_not_found, ref, why, why_no_owner
from service.tasks.schemas import Task, TaskDraft, TaskPage, TaskPatch, TaskQuery


async def create_task(uow: UnitOfWork, caller: Caller, draft: TaskDraft) -> Task:
    key = TaskId(draft.parent, draft.task_id or new_id())
    await place_one(uow, caller, key.owner_id, placement(draft, key.id, "OPEN"))
    try:
        row = await uow.tasks.add(*key, caller.id, draft.columns())
    except UniqueViolation:
        raise taken(key) from None
    if row is None:
        raise await why_no_owner(uow, key.owner_id)
    return Task.of(row)


def placement(written: TaskDraft | TaskPatch, task_id: UUID, state: str | None = None) -> Placement:
    project = None if written.project is None else written.project.id
    parent = None if written.parent_task is None else written.parent_task.id
    detached = parent is None and "parent_task" in written.written()
    return Placement(task_id, parent, project, written.tags, state, detached)


def taken(key: TaskId) -> AlreadyExists:
    message = "A task of this id exists already, perhaps deleted; choose another id, or read the task."
    return AlreadyExists(message, resource=ref(key))


async def get_task(uow: UnitOfWork, caller: Caller, key: AnyTask) -> Task:
    if key.owner_id is None:
        return await _find_task(uow, key.id)
    row = await uow.tasks.get(key.owner_id, key.id)
    if row is None:
        raise not_found(TaskId(key.owner_id, key.id))
    return Task.of(row)


async def _find_task(uow: UnitOfWork, task_id: UUID) -> Task:
    rows = await uow.tasks.find_across(task_id)
    if not rows:
        raise NotFound("No user has such a task.", resource=ResourceRef(TASK_TYPE, f"users/{ACROSS}/tasks/{task_id}"))
    if len(rows) > 1:
        raise AmbiguousName("Several users have a task of this id; name the owner.")
    return Task.of(rows[0])


async def batch_get_tasks(uow: UnitOfWork, caller: Caller, keys: Sequence[TaskId]) -> list[Task]:
    """In the order asked; deleted ones too, as GetTask."""
    rows = await uow.tasks.get_many(keys[0].owner_id, [key.id for key in keys])
    for number, key in enumerate(keys):
        if key.id not in rows:
            raise not_found(key).within(f"names[{number}]")
    return Task.of_all([rows[key.id] for key in keys])


async def list_tasks(uow: UnitOfWork, caller: Caller, query: TaskQuery) -> TaskPage:
    asked = query.asked
    if query.parent is None:
        found = await uow.task_pages.page_across(
            asked.position, asked.limit, deleted=asked.deleted, condition=asked.condition
        )
    else:
        found = await uow.task_pages.page(
            query.parent, asked.order, asked.position, asked.limit, deleted=asked.deleted, condition=asked.condition
        )
        if not found.rows and found.stopped is None and await uow.users.get(query.parent) is None:
            raise parent_not_found(query.parent)
    return TaskPage(Task.of_all(found.rows), found.stopped)


async def update_task(uow: UnitOfWork, caller: Caller, patch: TaskPatch) -> Task:
    guard = Guard(version=parse_etag(patch.etag))
    await place_one(uow, caller, patch.name.owner_id, placement(patch, patch.name.id))
    row = await uow.tasks.change(patch.name, caller.id, patch.columns(), guard)
    if row is None:
        return await _upsert(uow, caller, patch, guard)
    if patch.metadata_set:
        require_bounded(row.metadata)
    return Task.of(row)


async def _upsert(uow: UnitOfWork, caller: Caller, patch: TaskPatch, guard: Guard) -> Task:
    reason = await why(uow, patch.name, guard)
    if not isinstance(reason, NotFound):
        raise reason
    if patch.draft is None:
        raise patch.draft_fault or reason
    try:
        return await create_task(uow, caller, patch.draft)
    except AlreadyExists as made_meanwhile:
        raise SerializationLost("another call made the task") from made_meanwhile  # the unit runs again and updates it
