"""The searches of the service: of the tasks that they may find 10,000 are looked at, through the owner's index."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Compare, Condition, Holds, IsSet, JsonCompare
from persistence.repositories.search_candidates import CANDIDATES
from persistence.repositories.task_search import Place, SearchQuery, TaskSearch
from tests.persistence.plan_queries import OWNER, PAGE, Query, identifier

# Every task of FILL has the word of the first; none has the second, though all have its word; all are of the third.
TEXTS = {"common word": "title", "phrase that nothing has": '"title title"', "excluded word": "-nothing"}
FILTERS: dict[str, Condition] = {
    "state of many": Compare("state", "=", "OPEN"),
    "tag of many": Holds("tags", "work"),
    "tag of few": Holds("tags", "rare"),
    "key of few": JsonCompare("metadata", ("a",), "=", 1.0),
    "project of none": Compare("project_id", "=", UUID(int=0)),
    "field without an index": IsSet("due_at"),
}
LATER = Place(0.5, UUID(int=(1 << 128) - 1))


def search_queries(connection: AsyncConnection, _rows: int) -> dict[str, Query]:
    """By a word that is everywhere, and by what no index decides; first and later pages, with a filter too."""
    asked = {
        f"search by {name}{' goes on' if after else ''}{' with a filter' if condition else ''}": SearchQuery(
            text, "", PAGE, 3 << 20, after, condition
        )
        for name, text in TEXTS.items()
        for after in (None, LATER)
        for condition in (None, Compare("state", "=", "COMPLETED"))
    }
    for name, condition in FILTERS.items():
        asked[f"search with a filter by a {name}"] = SearchQuery("title", "", PAGE, 3 << 20, None, condition)
    asked["search by the beginning of a word"] = SearchQuery("tit", "tit", PAGE, 3 << 20)
    return {name: (_page(connection, query), CANDIDATES) for name, query in asked.items()}


def _page(connection: AsyncConnection, query: SearchQuery) -> Callable[[], Awaitable[object]]:
    return lambda: TaskSearch(connection).page(identifier(OWNER), query)
