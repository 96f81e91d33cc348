"""All tasks of one user, page by page (ExportTasks); each page is read in a unit of its own."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from persistence.conditions import Condition
from persistence.database import Database
from persistence.ordering import OLDEST_FIRST
from persistence.paging import Position
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller
from service.tasks.refusals import parent_not_found
from service.tasks.schemas import Task, TaskPage

PAGE = 500  # tasks, which are in memory at a time


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """The tasks of `parent` that the condition holds of, behind the position `after`."""

    parent: UUID
    deleted: bool
    condition: Condition | None
    after: Position | None = None


async def export_tasks(db: Database, caller: Caller, query: ExportQuery) -> AsyncIterator[Sequence[Task]]:
    """Oldest first, at most PAGE at a time. No connection is held while a slow reader reads. Raises ParentNotFound."""
    await db.look(require_owner, caller, query.parent)
    after: Position | None = None
    while True:
        page = await db.look(read_page, caller, replace(query, after=after))
        yield page.tasks
        if page.stopped is None:
            return
        after = page.stopped


async def require_owner(uow: UnitOfWork, _caller: Caller, owner_id: UUID) -> None:
    """Of a deleted user too the tasks can be taken out, until they are purged."""
    if await uow.users.get(owner_id) is None:
        raise parent_not_found(owner_id)


async def read_page(uow: UnitOfWork, _caller: Caller, query: ExportQuery) -> TaskPage:
    """The page; `stopped` is None behind the last one."""
    page = await uow.task_pages.page(
        query.parent, OLDEST_FIRST, query.after, PAGE, deleted=query.deleted, condition=query.condition
    )
    tasks = Task.of_all(page.rows)
    last = (tasks[-1].id,) if len(tasks) == PAGE else None
    return TaskPage(tasks, page.stopped or last)
