"""The tags of an owner with the number of living tasks that have each: pages of them, in order of the keys."""

from typing import Any

from sqlalchemy import FromClause, Label, Select, Subquery, Text, bindparam, column, func, select, true
from sqlalchemy.dialects.postgresql import array

from persistence.models import TagRow, TaskRow
from persistence.repositories.base import answered

TAGS = TagRow.metadata.tables["tags"]
TASKS = TaskRow.metadata.tables["tasks"]
COLUMNS = answered(TAGS)
_FEW = 100  # tags, which are counted one by one


def task_count(of: FromClause) -> Label[int]:
    """How many living tasks have each tag of `of`."""
    its = (TASKS.c.owner_id == of.c.owner_id, TASKS.c.tags.op("@>", is_comparison=True)(array([of.c.key])))
    counted = select(func.count()).select_from(TASKS).where(*its, TASKS.c.deleted_at.is_(None)).correlate(of)
    return counted.scalar_subquery().label("task_count")


def _page(*, after: bool) -> Subquery:
    tags = select(*COLUMNS).where(TAGS.c.owner_id == bindparam("owner_id")).order_by(TAGS.c.key)
    if after:
        tags = tags.where(TAGS.c.key > bindparam("after"))
    return tags.limit(bindparam("limit")).subquery()


def _counted_by_tag(*, after: bool) -> Select[Any]:
    """The tasks of each tag are found by it: quick for few tags, however many tasks there are."""
    page = _page(after=after)
    return select(*page.c, task_count(page)).order_by(page.c.key)


def _counted_at_once(*, after: bool) -> Select[Any]:
    """All living tasks are looked through once, however many tags there are."""
    page = _page(after=after)
    word = func.unnest(TASKS.c.tags).table_valued(column("key", Text(collation="C")), name="word").render_derived()
    used = select(word.c.key, func.count().label("tasks")).join_from(TASKS, word, true()).group_by(word.c.key)
    counts = used.where(TASKS.c.owner_id == bindparam("owner_id"), TASKS.c.deleted_at.is_(None)).subquery()
    counted = func.coalesce(counts.c.tasks, 0).label("task_count")
    return select(*page.c, counted).outerjoin(counts, counts.c.key == page.c.key).order_by(page.c.key)


_PAGES = {after: (_counted_by_tag(after=after), _counted_at_once(after=after)) for after in (False, True)}


def page_of(limit: int, *, after: bool) -> Select[Any]:
    """The statement of a page of at most `limit` tags, of values `owner_id`, `limit` and, where so asked, `after`."""
    return _PAGES[after][limit > _FEW]
