"""All tasks of one user, page by page (ExportTasks); each page is read in a unit of its own."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from persistence.conditions import Condition
from persistence.database import Database
from persistence.ordering import OLDEST_FIRST
from persistence.paging import Page, Position
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller
from service.tasks.refusals import parent_not_found
from service.tasks.schemas import Task

PAGE = 500  # tasks, which are in memory at a time
STRETCH = 100  # tasks, after which other calls have their turn


@dataclass(frozen=True, slots=True)
class ExportQuery:
    """The tasks of `parent` that the condition holds of, behind the position `after`."""

    parent: UUID
    deleted: bool
    condition: Condition | None
    after: Position | None = None


async def export_tasks(db: Database, caller: Caller, query: ExportQuery) -> AsyncIterator[Sequence[Task]]:
    """Oldest first, at most STRETCH together; a slow reader holds no connection meanwhile. Raises ParentNotFound."""
    await db.look(require_owner, caller, query.parent)
    position: Position | None = None
    while True:
        page = await db.look(read_page, caller, replace(query, after=position))
        for first in range(0, len(page.rows), STRETCH):
            yield Task.of_all(page.rows[first : first + STRETCH])
        position = page.stopped
        if position is None:
            return


async def require_owner(uow: UnitOfWork, _caller: Caller, owner_id: UUID) -> None:
    """Of a deleted user too the tasks can be taken out, until they are purged."""
    if await uow.users.get(owner_id) is None:
        raise parent_not_found(owner_id)


async def read_page(uow: UnitOfWork, _caller: Caller, query: ExportQuery) -> Page:
    """The page; `stopped` is None behind the last one."""
    page = await uow.task_pages.page(
        query.parent, OLDEST_FIRST, query.after, PAGE, deleted=query.deleted, condition=query.condition
    )
    full = len(page.rows) == PAGE
    return Page(page.rows, page.stopped or ((page.rows[-1].id,) if full else None))
