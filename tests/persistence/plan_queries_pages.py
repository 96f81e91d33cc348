"""Pages of tasks: each order at its beginning, in its middle and at its end, and what is looked at for a filter."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import product

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import (
    Compare,
    Condition,
    Every,
    Holds,
    HoldsMatch,
    IsSet,
    JsonCompare,
    JsonIsSet,
    Not,
    Some,
)
from persistence.ordering import Order
from persistence.paging import Bounds, PageQuery, Position
from persistence.repositories.pages import position_of
from persistence.repositories.task_pages import OF_OWNER, TaskPages
from tests.persistence.plan_queries import CALLERS, OWNER, PAGE, Query, identifier
from tests.persistence.task_walks import by, in_order, name_of
from tests.persistence.units import unit

Run = Callable[[], Awaitable[object]]
Places = Mapping[tuple[Order, bool], Mapping[str, Position | None]]
FEW = 10  # times the rows of a page, which it may look at without a filter
_ROWS = text("""
    SELECT id, title, priority, due_at, created_at, updated_at, deleted_at FROM tasks WHERE owner_id = :owner""")
UNKNOWN = "what no index knows"
FILTERS: dict[str, Condition] = {
    "frequent state": Compare("state", "=", "OPEN"),
    "rare state": Compare("state", "=", "IN_PROGRESS"),
    "states": Some((Compare("state", "=", "IN_PROGRESS"), Compare("state", "=", "CANCELLED"))),
    "project": Compare("project_id", "=", identifier(1)),
    "parent": Compare("parent_id", "=", identifier(1)),
    "frequent tag": Holds("tags", "work"),
    "rare tag": Holds("tags", "rare"),
    "unknown tag": Holds("tags", "nobody's"),
    "part of a tag": HoldsMatch("tags", ("r", "")),
    "metadata": JsonCompare("metadata", ("a",), "=", 1.0),
    "key of metadata": JsonIsSet("metadata", ("a",)),
    UNKNOWN: Compare("title", "=", "nobody's"),
    "no due time": Not(IsSet("due_at")),
    "several": Every((Holds("tags", "work"), Compare("state", "=", "OPEN"), Compare("priority", ">", "MEDIUM"))),
}
FILTERED = ("newest first", "due_at", "priority desc, due_at", "due_at desc, title", "created_at, priority desc")


def every_index(order: Order) -> bool:
    """Whether it is one of those that together go through all indexes."""
    return len(order.keys) < 2 or order.keys[0].column == "priority" or name_of(order) in FILTERED


async def find_places(connection: AsyncConnection, chosen: Iterable[Order]) -> Places:
    """Where the pages of each order begin, with the deleted tasks and without."""
    rows = (await connection.execute(_ROWS, {"owner": identifier(OWNER)})).all()
    found: dict[tuple[Order, bool], dict[str, Position | None]] = {}
    for order in chosen:
        whole = in_order(rows, order)
        for deleted in (False, True):
            listed = [row for row in whole if deleted or row.deleted_at is None]
            half = len(listed) // 2
            # Statistics know nothing of what is behind the lowest value, or behind none, though many rows have it.
            lowest = next(row for row in listed[half // 2 :] if row.priority == "LOW" and row.due_at is None)
            at = {"middle": listed[half], "lowest": lowest, "last": listed[-PAGE - 2]}
            places = {name: position_of(OF_OWNER, row, order) for name, row in at.items()}
            found[order, deleted] = {"first": None, **places}
    return found


def page_queries(connection: AsyncConnection, places: Places) -> dict[str, Query]:
    pages = TaskPages(connection)
    return {
        f"{name_of(order)}, {place} page{' with the deleted' if deleted else ''}": (
            _page(pages, order, position, deleted=deleted),
            PAGE if not order.keys else FEW * PAGE,
        )
        for (order, deleted), positions in places.items()
        for place, position in positions.items()
    }


def filtered_queries(
    connection: AsyncConnection, places: Places, bounds: Bounds, limit: int, names: Iterable[str] = FILTERS
) -> dict[str, Query]:
    pages = TaskPages(connection, bounds)
    return {
        f"{name_of(order)}, {place} page by {name}{' with the deleted' if deleted else ''}": (
            _page(pages, order, position, deleted=deleted, condition=FILTERS[name]),
            limit,
        )
        for name, order, deleted in product(names, map(by, FILTERED), (False, True))
        for place, position in places[order, deleted].items()
        if place == "middle" or (place == "first" and not deleted)
    }


def group_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    """Projects and tags, which have pages of their own."""
    uow, owner, some = unit(connection), identifier(1 + rows // 2 % CALLERS), identifier(rows // 2)
    of_owner = 2 * (rows // CALLERS + 1)
    return {
        "projects": (lambda: uow.projects.page(owner, PageQuery(PAGE)), of_owner),
        "projects, with the deleted": (lambda: uow.projects.page(owner, PageQuery(PAGE, deleted=True)), of_owner),
        "project": (lambda: uow.projects.get(owner, some), 1),
        "tags": (lambda: uow.tags.page(owner, None, PAGE), of_owner),
        "tag": (lambda: uow.tags.get((owner, some)), 1),
    }


def _page(
    pages: TaskPages, order: Order, position: Position | None, *, deleted: bool, condition: Condition | None = None
) -> Run:
    return lambda: pages.page(identifier(OWNER), order, position, PAGE, deleted=deleted, condition=condition)
