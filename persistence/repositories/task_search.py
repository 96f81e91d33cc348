"""Full-text search of one owner's living tasks: the best first, with the words that were found marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    REAL,
    ColumnElement,
    Row,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.expression import Subquery

from persistence.conditions import Condition
from persistence.models import TaskRow
from persistence.repositories.base import Repository, answered
from persistence.repositories.conditions import anchor, clause
from persistence.repositories.search_words import asked_for

CANDIDATES = 10_000  # of the tasks with the words so many are looked at
HIT_BEGINS, HIT_ENDS = "\x01", "\x02"  # around each word that was found; those of the text itself become spaces

_TASKS = TaskRow.metadata.tables["tasks"]
_COLUMNS = answered(_TASKS)
_INDEXED = ("parent_id", "project_id", "tags", "metadata", "state")
_HEADLINE = f"HighlightAll=true, StartSel={HIT_BEGINS}, StopSel={HIT_ENDS}"


class Place(NamedTuple):
    """Where a task stands among those that were found."""

    rank: float
    id: UUID


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """At most `limit` of the tasks behind `after` of which the condition holds.

    `text`: words, phrases in quotes, `or`, `-` before what must not be there; no text is a fault, but for U+0000.
    `last_word`: that of the text, where it counts as the beginning of a word; else empty.
    `size`: bytes of descriptions; the first task that goes beyond them is the last one that is answered.
    """

    text: str
    last_word: str
    limit: int
    size: int
    after: Place | None = None
    condition: Condition | None = None


class TaskSearch(Repository):
    async def page(self, owner_id: UUID, query: SearchQuery) -> Sequence[Row[Any]]:
        """Tasks with their `rank`, and title and description as `marked_title` and `marked_description`.

        The highest rank comes first, then the newest. Where more than CANDIDATES have the words, the others are not
        looked at; where a task without any may be asked for, the newest are.
        """
        values: dict[str, object] = {"owner_id": owner_id, "limit": query.limit, "size": query.size}
        values |= {"text": query.text, "last_word": query.last_word}
        if query.after is not None:
            values |= {"after_rank": query.after.rank, "after_id": query.after.id}
        goes_on = query.after is not None
        statement = _plain(goes_on) if query.condition is None else _page(goes_on, query.condition)
        return await self._all(statement, values)


@lru_cache(maxsize=2)
def _plain(goes_on: bool) -> Select[Any]:
    return _page(goes_on, None)


def _page(goes_on: bool, condition: Condition | None) -> Select[Any]:
    asked = asked_for()
    sized = _sized(_best(asked, _candidates(asked, condition), goes_on, condition))
    columns = [sized.c[column.name] for column in _COLUMNS]
    marks = [_marked(sized.c[name], asked).label(f"marked_{name}") for name in ("title", "description")]
    fits = func.coalesce(sized.c.size_before, 0) < bindparam("size")
    return select(*columns, sized.c.rank, *marks).where(fits).order_by(*_order(sized))


def _candidates(asked: CTE, condition: Condition | None) -> Subquery:
    """Those with the words or, where a task without them may be asked for, the newest: one of the two has no rows.

    Ranked by how often which words are where; their nearness would cost time quadratic in their number.
    """
    c = _TASKS.c
    rank = func.ts_rank(c.search, _one(asked.c.words), type_=REAL).label("rank")
    living = select(*_COLUMNS, c.search, rank).where(c.owner_id == bindparam("owner_id"), c.deleted_at.is_(None))
    # What an index answers of the condition comes before the bound: else it might cut the tasks of a small project off.
    indexed = None if condition is None else anchor(_TASKS, condition, _INDEXED)
    living = living if indexed is None else living.where(indexed)
    with_words = living.where(_has(c.search, asked.c.loose)).limit(CANDIDATES).subquery("with_words")
    without = living.where(_one(asked.c.loose).is_(None)).order_by(c.id.desc()).limit(CANDIDATES).subquery("without")
    return union_all(select(*with_words.c), select(*without.c)).subquery("candidates")


def _best(asked: CTE, candidates: Subquery, goes_on: bool, condition: Condition | None) -> Subquery:
    c = candidates.c
    conditions = [or_(_one(asked.c.exact), _has(c.search, asked.c.query))]
    if condition is not None:
        conditions.append(clause(candidates, condition))
    if goes_on:
        after = tuple_(cast(bindparam("after_rank"), REAL), bindparam("after_id", type_=Uuid))
        conditions.append(tuple_(c.rank, c.id) < after)
    chosen = select(*c).where(*conditions).order_by(*_order(candidates)).limit(bindparam("limit"))
    return chosen.subquery("best")


def _sized(best: Subquery) -> Subquery:
    before = func.sum(func.octet_length(best.c.description)).over(order_by=_order(best), rows=(None, -1))
    return select(*best.c, before.label("size_before")).subquery("sized")


def _order(rows: Subquery) -> tuple[ColumnElement[Any], ...]:
    return rows.c.rank.desc(), rows.c.id.desc()


def _has(search: ColumnElement[Any], query: ColumnElement[Any]) -> ColumnElement[bool]:
    return search.op("@@", is_comparison=True)(_one(query))


def _one(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(column).scalar_subquery()


def _marked(column: ColumnElement[Any], asked: CTE) -> ColumnElement[str]:
    """All of the text: PostgreSQL's choice of fragments is bounded in words, not in code points, and takes longer."""
    plain = func.translate(column, HIT_BEGINS + HIT_ENDS, "  ")
    return func.ts_headline("simple", plain, _one(asked.c.words), _HEADLINE, type_=Text)
