"""Pages of tasks: those of one owner in any order, those of all owners by id."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Condition
from persistence.models.task_order import SORT_KEYS
from persistence.models.tasks import ACROSS_OWNERS, TASK_PRIORITIES, TaskRow
from persistence.ordering import NEWEST_FIRST, Order, SortKey
from persistence.paging import Bounds, Page, PageQuery, Position
from persistence.repositories.base import Repository
from persistence.repositories.listings import Listing
from persistence.repositories.pages import BOUNDS, read_page

_TASKS = TaskRow.metadata.tables["tasks"]


def _indexed(column: str, *, descending: bool) -> str:
    if column != "due_at":
        return column
    return "due_last" if descending else "due_first"


OF_OWNER = Listing(
    _TASKS,
    of=("owner_id",),
    sorted_by={
        SortKey(column, descending): SORT_KEYS[_indexed(column, descending=descending)]
        for column in ("created_at", "updated_at", "due_at", "priority", "title")
        for descending in (False, True)
    },
    values={"priority": TASK_PRIORITIES},
    lookups=("parent_id", "project_id"),
    living_lookups=("tags", "metadata", "state"),
)
ACROSS = Listing(_TASKS, ties=("id", "owner_id"), among=(ACROSS_OWNERS,))


class TaskPages(Repository):
    __slots__ = ("_bounds",)

    def __init__(self, connection: AsyncConnection, bounds: Bounds = BOUNDS) -> None:
        super().__init__(connection)
        self._bounds = bounds

    async def page(
        self,
        owner_id: UUID,
        order: Order,
        position: Position | None,
        limit: int,
        *,
        deleted: bool,
        condition: Condition | None = None,
    ) -> Page:
        """At most `limit` tasks behind the position."""
        query = PageQuery(limit, order, position, deleted, condition)
        return await read_page(self._all, OF_OWNER, {"owner_id": owner_id}, query, self._bounds)

    async def page_across(
        self, position: Position | None, limit: int, *, deleted: bool, condition: Condition | None = None
    ) -> Page:
        """Of all owners (`users/-`), newest first; a position is an id and its owner's."""
        query = PageQuery(limit, NEWEST_FIRST, position, deleted, condition)
        return await read_page(self._all, ACROSS, {}, query, self._bounds)
