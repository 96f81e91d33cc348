"""The statement of a page that looks at all the rows that an index finds by a part of the condition."""

from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.operators import eq
from sqlalchemy.sql.visitors import replacement_traverse

from persistence.conditions import Condition
from persistence.paging import PageQuery
from persistence.repositories.conditions import anchor
from persistence.repositories.listings import Listing
from persistence.repositories.page_columns import CAP, LIMIT, PLACE, around, clause_around, marks, of_table
from persistence.repositories.segments import behind_in_memory


def lookup(listing: Listing, condition: Condition, *, deleted: bool) -> ColumnElement[bool] | None:
    """A part of the condition that one range of an index answers; None where there is none."""
    found = anchor(
        listing.table, condition, listing.lookups if deleted else (*listing.lookups, *listing.living_lookups)
    )
    return found if found is not None and (goes_on_by_id(found) or _is_inside(found)) else None


def goes_on_by_id(found: ColumnElement[bool]) -> bool:
    """Whether the index that answers it has what it finds in the order of ids."""
    return isinstance(found, BinaryExpression) and found.operator is eq and isinstance(found.right, BindParameter)


def _is_inside(found: ColumnElement[bool]) -> bool:
    return isinstance(found, BinaryExpression) and isinstance(found.left.type, ARRAY | JSONB)


def by_lookup(listing: Listing, query: PageQuery, found: ColumnElement[bool]) -> Select[Any]:
    """The page, if fewer than `cap` rows are found; else its first row has `stopped`, and none is to be answered."""
    keys, ties = listing.keys(query.order), listing.ties_of(query.order)
    by_id = [key.sorting(key.expression) for key in ties] if goes_on_by_id(found) else None
    within = (*listing.fixed(), *(() if query.deleted else listing.living()), unseen(found))
    columns = [*of_table(listing.table, keys), func.row_number().over(order_by=by_id).label(PLACE.name)]
    rows = select(*columns).where(*within).order_by(*(by_id or ())).limit(CAP).subquery()
    behind = true() if query.position is None else behind_in_memory([*keys, *ties])
    matching = true() if query.condition is None else clause_around(listing.table, query.condition)
    matches, stopped = and_(matching, behind), PLACE == CAP
    page = select(*around(listing.table, keys), *marks(matches, stopped)).select_from(rows)
    order = [key.sorting(key.around) for key in (*keys, *ties)]
    return page.where(or_(matches, stopped)).order_by(stopped.desc(), *order).limit(LIMIT)


def unseen(found: ColumnElement[bool]) -> ColumnElement[bool]:
    """What is looked for inside of lists and objects is hidden from PostgreSQL's statistics, which are everybody's.

    It then always counts on few rows and takes the index, where it might else look at every row of the owner.
    """
    if goes_on_by_id(found):
        return found

    def hidden(element: Any, **_: Any) -> Any:
        return select(element).scalar_subquery() if isinstance(element, BindParameter) else None

    return replacement_traverse(found, {}, hidden)
