"""Which tasks a search ranks: a bounded number, found by their words or by a part of its filter."""

from typing import Any

from sqlalchemy import (
    CTE,
    REAL,
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.expression import Subquery

from persistence.conditions import Condition
from persistence.models import TaskRow
from persistence.repositories.base import answered
from persistence.repositories.page_lookups import goes_on_by_id, lookup, unseen
from persistence.repositories.search_words import has, one
from persistence.repositories.task_pages import OF_OWNER

CANDIDATES = 10_000  # tasks that are looked at
LOOKED_UP = 5_000  # of these, to see whether a part of the condition holds of fewer, which are then the candidates

_TASKS = TaskRow.metadata.tables["tasks"]
_COLUMNS = (*answered(_TASKS), _TASKS.c.search)
_NEWEST_FIRST = _TASKS.c.id.desc()


def candidates(asked: CTE, condition: Condition | None) -> Subquery:
    """Living tasks of the owner with their `search` and their `rank`: of three kinds, and one of them alone has rows.

    Those of which a part of the condition holds, where an index finds them and they are few: all that have the words.
    Else the first of those with the words or, where a task without any may be asked for, the newest.
    """
    found = None if condition is None else lookup(OF_OWNER, condition, deleted=False)
    if found is None:
        return _ranked(asked, *_of_many(asked, CANDIDATES, true()))
    few = one(_few(found).c.few)
    fitting = _within(found, few).subquery("fitting")
    words = or_(one(asked.c.loose).is_(None), has(fitting.c.search, asked.c.loose))
    with_words = select(*fitting.c).where(fitting.c.deleted_at.is_(None), words)
    return _ranked(asked, with_words, *_of_many(asked, CANDIDATES - LOOKED_UP, not_(few)))


def _ranked(asked: CTE, *kinds: Select[Any]) -> Subquery:
    """By how often which words are where; their nearness would cost time quadratic in their number."""
    found = union_all(*kinds).subquery("found")
    rank = func.ts_rank(found.c.search, one(asked.c.words), type_=REAL).label("rank")
    return select(*found.c, rank).offset(0).subquery("candidates")


def _of_many(asked: CTE, most: int, when: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
    living = select(*_COLUMNS).where(*OF_OWNER.fixed(), *OF_OWNER.living(), when)
    with_words = living.where(has(_TASKS.c.search, asked.c.loose)).limit(_at_most(most)).subquery()
    newest = living.where(one(asked.c.loose).is_(None)).order_by(_NEWEST_FIRST).limit(_at_most(most)).subquery()
    return select(*with_words.c), select(*newest.c)


def _few(found: ColumnElement[bool]) -> CTE:
    some = _within(found, true()).with_only_columns(literal(1)).subquery()
    return select((func.count() < LOOKED_UP).label("few")).select_from(some).cte("counted").prefix_with("MATERIALIZED")


def _within(found: ColumnElement[bool], when: ColumnElement[bool]) -> Select[Any]:
    """In the order of the index that finds them, so that PostgreSQL takes it; deleted ones too where it has them."""
    has_deleted = isinstance(found, BinaryExpression) and found.left.key in OF_OWNER.lookups
    living = () if has_deleted else OF_OWNER.living()
    rows = select(*_COLUMNS).where(*OF_OWNER.fixed(), *living, unseen(found), when)
    return rows.order_by(*([_NEWEST_FIRST] if goes_on_by_id(found) else [])).limit(_at_most(LOOKED_UP))


def _at_most(rows: int) -> ScalarSelect[int]:
    """PostgreSQL does not look into it, counts on a tenth of the rows, and reads no more of them than it must."""
    return select(literal(rows, Integer)).scalar_subquery()
