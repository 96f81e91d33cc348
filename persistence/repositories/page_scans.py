"""The statement of a page that goes through the indexes of its order: one branch for each segment and index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Table,
    and_,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from persistence.conditions import Condition
from persistence.ordering import Order
from persistence.repositories.listings import Conditions, Listing
from persistence.repositories.page_columns import (
    CAP,
    LIMIT,
    MATCHES,
    PLACE,
    STOPPED,
    around,
    by_name,
    clause_around,
    marks,
    of_table,
)
from persistence.repositories.segments import Key, Lead, Segment, segments


@dataclass(frozen=True, slots=True)
class Statement:
    """`scans`: in how many places it looks at `cap` rows at most. Where there are any, it answers two columns more:

    `matches`, whether the row is one of the page, and `stopped`, whether rows behind it were not looked at.
    """

    select: Select[Any]
    scans: int


def in_order(
    listing: Listing, order: Order, start: Lead, *, deleted: bool, condition: Condition | None, within: Conditions
) -> Statement:
    """`within`: what these indexes answer of the condition beside their order."""
    keys, ties = listing.keys(order), listing.ties_of(order)
    ranges, parts = segments(keys, ties, start), listing.parts(order, deleted=deleted)
    scans = sum(len(parts) for segment in ranges if condition is not None or segment.absent)
    matching = None if condition is None else clause_around(listing.table, condition)
    branches = _Branches(listing.table, keys, ties, matching, (*listing.fixed(), *within), marked=scans > 0)
    if len(ranges) == 1:
        return Statement(branches.of(ranges[0], parts, ()), scans)
    done: list[CTE] = []
    for segment in ranges:
        done.append(branches.of(segment, parts, done).cte())
    return Statement(
        branches.merged([select(*branches.shown()).select_from(rows) for rows in done], [*keys, *ties]), scans
    )


@dataclass(frozen=True, slots=True)
class _Branches:
    """What all branches of a statement have in common; `marked`: they have the two columns of a scan."""

    table: Table
    keys: Sequence[Key]
    ties: Sequence[Key]
    matching: ColumnElement[bool] | None
    within: Conditions
    marked: bool

    def of(self, segment: Segment, parts: Sequence[Conditions], before: Sequence[CTE]) -> Select[Any]:
        """In the indexes of all `parts`, where the segments `before` it leave room."""
        conditions = (*self.within, *segment.conditions, *_gate(before, marked=self.marked))
        # In a group all rows are alike in the first key: PostgreSQL knows that inside of it, and not outside.
        keys = [*self.keys[segment.grouped :], *self.ties]
        if self.matching is None and not segment.absent:
            return self.merged([self._plain(keys, (*conditions, *part)) for part in parts], keys)
        return self.merged([self._scan(segment, keys, (*conditions, *part)) for part in parts], keys)

    def merged(self, branches: Sequence[Select[Any]], keys: Sequence[Key]) -> Select[Any]:
        if len(branches) == 1:
            return branches[0]
        rows = select(*self.shown()).select_from(union_all(*branches).subquery())
        return rows.order_by(*(key.sorting(key.around) for key in keys)).limit(LIMIT)

    def shown(self) -> list[ColumnElement[Any]]:
        """What every branch answers, as a query around it sees it."""
        return [*around(self.table, self.keys), *((MATCHES, STOPPED) if self.marked else ())]

    def _plain(self, keys: Sequence[Key], conditions: Conditions) -> Select[Any]:
        columns = [*of_table(self.table, self.keys), *(marks(true(), false()) if self.marked else ())]
        return select(*columns).where(*conditions).order_by(*(key.sorting(key.expression) for key in keys)).limit(LIMIT)

    def _scan(self, segment: Segment, keys: Sequence[Key], conditions: Conditions) -> Select[Any]:
        """Of the next rows those that match, and the last one of them, whether it matches or not."""
        order = [key.sorting(key.expression) for key in keys]
        columns = [*of_table(self.table, self.keys), func.row_number().over(order_by=order).label(PLACE.name)]
        rows = select(*columns).where(*conditions).order_by(*order).limit(CAP).subquery()
        matches, stopped = self._matches(segment), PLACE == CAP
        found = select(*self._found(segment), *marks(matches, stopped)).select_from(rows).where(or_(matches, stopped))
        return found.order_by(*(key.sorting(key.around) for key in keys)).limit(LIMIT)

    def _matches(self, segment: Segment) -> ColumnElement[bool]:
        absent = [by_name(key.column).is_(None) for key in self.keys[:1] if segment.absent]
        return and_(true(), *absent, *(() if self.matching is None else (self.matching,)))

    def _found(self, segment: Segment) -> list[ColumnElement[Any]]:
        """The last row is where the page goes on. In a segment without values it stands there as if it had none."""
        columns: dict[str, ColumnElement[Any]] = {column.name: column for column in around(self.table, self.keys)}
        for key in self.keys[:1] if segment.absent else ():
            columns[key.column.name] = cast(null(), key.column.type).label(key.column.name)
            columns[key.name] = (null() if key.absent is None else key.absent).label(key.name)
        return list(columns.values())


def _gate(before: Sequence[CTE], *, marked: bool) -> Conditions:
    """What lets a segment be looked into: those before it do not fill the page, and were looked at to their ends."""
    if not before:
        return ()
    found = sum((select(func.count()).select_from(rows).scalar_subquery() for rows in before), start=literal(0))
    ended = [~select(literal(1)).select_from(rows).where(STOPPED).exists() for rows in before if marked]
    return (found < LIMIT, *ended)
