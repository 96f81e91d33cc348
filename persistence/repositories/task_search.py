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
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql.expression import Subquery

from persistence.conditions import Condition
from persistence.models import TaskRow
from persistence.repositories.base import Repository, answered
from persistence.repositories.conditions import clause
from persistence.repositories.search_candidates import candidates
from persistence.repositories.search_words import asked_for, has, one

HIT_BEGINS, HIT_ENDS = "\x01", "\x02"  # around each word that was found; those of the text itself become spaces

_TASKS = TaskRow.metadata.tables["tasks"]
_COLUMNS = answered(_TASKS)
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

        The highest rank comes first, then the newest. It looks at a bounded number of tasks, as `candidates` says.
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
    sized = _sized(_best(asked, candidates(asked, condition), goes_on, condition))
    columns = [sized.c[column.name] for column in _COLUMNS]
    marks = [_marked(sized.c[name], asked).label(f"marked_{name}") for name in ("title", "description")]
    fits = func.coalesce(sized.c.size_before, 0) < bindparam("size")
    return select(*columns, sized.c.rank, *marks).where(fits).order_by(*_order(sized))


def _best(asked: CTE, ranked: Subquery, goes_on: bool, condition: Condition | None) -> Subquery:
    c = ranked.c
    conditions = [or_(one(asked.c.exact), has(c.search, asked.c.query))]
    if condition is not None:
        conditions.append(clause(ranked, condition))
    if goes_on:
        after = tuple_(cast(bindparam("after_rank"), REAL), bindparam("after_id", type_=Uuid))
        conditions.append(tuple_(c.rank, c.id) < after)
    chosen = select(*c).where(*conditions).order_by(*_order(ranked)).limit(bindparam("limit"))
    return chosen.subquery("best")


def _sized(best: Subquery) -> Subquery:
    before = func.sum(func.octet_length(best.c.description)).over(order_by=_order(best), rows=(None, -1))
    return select(*best.c, before.label("size_before")).subquery("sized")


def _order(rows: Subquery) -> tuple[ColumnElement[Any], ...]:
    return rows.c.rank.desc(), rows.c.id.desc()


def _marked(column: ColumnElement[Any], asked: CTE) -> ColumnElement[str]:
    """All of the text: PostgreSQL's choice of fragments is bounded in words, not in code points, and takes longer."""
    plain = func.translate(column, HIT_BEGINS + HIT_ENDS, "  ")
    return func.ts_headline("simple", plain, one(asked.c.words), _HEADLINE, type_=Text)
