"""One page of a list, whatever its table; where no index tells its rows, a bounded number of rows is looked at."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Executable, Row

from persistence.ordering import Order
from persistence.paging import Bounds, Page, PageQuery, Position
from persistence.repositories.listings import Listing
from persistence.repositories.page_lookups import by_lookup, goes_on_by_id, lookup
from persistence.repositories.page_scans import Statement, in_order
from persistence.repositories.segments import Lead, lead

Run: TypeAlias = Callable[[Executable, Mapping[str, object]], Awaitable[Sequence[Row[Any]]]]
BOUNDS = Bounds()


async def read_page(
    run: Run, listing: Listing, of: Mapping[str, object], query: PageQuery, bounds: Bounds = BOUNDS
) -> Page:
    """One statement; two where what a look-up finds by a part of the condition are too many rows to look at them all.

    `of`: the values of the columns that the listing is of. Raises what `run` raises.
    """
    values = {**of, "limit": query.limit, **{f"at_{place}": value for place, value in enumerate(query.position or ())}}
    found = None if query.condition is None else lookup(listing, query.condition, deleted=query.deleted)
    examined = bounds.examined
    if found is not None and not (goes_on_by_id(found) and not query.order.keys):
        rows = await run(by_lookup(listing, query, found), {**values, "cap": bounds.probed})
        if not rows or not rows[0].stopped:
            return Page(rows)
        found, examined = None, examined - bounds.probed
    start = lead(listing.keys(query.order), query.position)
    if query.condition is None:
        statement = _unfiltered(listing, query.order, start, query.deleted)
    else:
        within = () if found is None else (found,)
        statement = in_order(
            listing, query.order, start, deleted=query.deleted, condition=query.condition, within=within
        )
    if not statement.scans:
        return Page(await run(statement.select, values))
    rows = await run(statement.select, {**values, "cap": max(1, examined // statement.scans)})
    return _ended(listing, query.order, rows)


def position_of(listing: Listing, row: Row[Any], order: Order) -> Position:
    """Where the next page begins if this row is the last one of a page."""
    return tuple(getattr(row, name) for name in (*(key.column for key in order.keys), *listing.ties))


@lru_cache(maxsize=1024)
def _unfiltered(listing: Listing, order: Order, start: Lead, deleted: bool) -> Statement:
    """Built once for each shape: to build a statement anew costs more than to run it."""
    return in_order(listing, order, start, deleted=deleted, condition=None, within=())


def _ended(listing: Listing, order: Order, rows: Sequence[Row[Any]]) -> Page:
    """What is behind the first place where a scan stopped is not known in whole."""
    for count, row in enumerate(rows):
        if row.stopped:
            return Page(rows[: count + row.matches], position_of(listing, row, order))
    return Page(rows)
