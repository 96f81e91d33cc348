"""What a search asks for, as queries of PostgreSQL's full-text search, made by the statement that searches."""

from typing import Any

from sqlalchemy import CTE, Boolean, ColumnElement, ScalarSelect, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import TSQUERY

# Out of what is searched for come `query`, which decides; `loose`, which an index answers by itself: without what is
# excluded and with the words of phrases in any order, so that no row is looked at in vain; and `words`, any of which
# counts for the rank. Where the last word counts as the beginning of one, the end of the query, as PostgreSQL writes
# it, is replaced by what it is parsed into, with the last piece as a beginning, or else by the word as it stands:
# `well-kno` is parsed into pieces, none of which begins `well-known`. `loose` is NULL where a task without any of the
# words may be asked for: for that a GIN index would be read from one end to the other, with everybody's words.
_ASKED = r"""
    SELECT query, loose, query = loose AS exact,
        CAST(replace(coalesce(CAST(loose AS text), ''), ' & ', ' | ') AS tsquery) AS words
    FROM (SELECT CAST(websearch_to_tsquery('simple', :text) AS text) AS whole,
        CAST(websearch_to_tsquery('simple', :last_word) AS text) AS tail,
        replace(replace(lower(:last_word), '\', '\\'), '''', '''''') AS beginning) AS parsed
    CROSS JOIN LATERAL (SELECT left(whole, length(whole) - length(tail)) AS head) AS divided
    CROSS JOIN LATERAL (SELECT CAST(CASE
        WHEN tail LIKE '''%''' AND head || tail = whole AND head NOT LIKE '%!'
        THEN head || '( ' || tail || '\:* | ''' || beginning || '''\:* )'
        ELSE whole END AS tsquery) AS query) AS completed
    CROSS JOIN LATERAL (SELECT CAST(
        replace(nullif(querytree(query), 'T'), ' <-> ', ' & ') AS tsquery) AS loose) AS loosened
"""


def asked_for() -> CTE:
    """One row of `query`, `loose`, `exact` (they are the same) and `words`; `text` and `last_word` are to be bound.

    Materialised, so that the planner never takes a query for one that is too common for the index.
    """
    given = text(_ASKED).bindparams(bindparam("text", type_=Text), bindparam("last_word", type_=Text))
    columns = given.columns(query=TSQUERY, loose=TSQUERY, words=TSQUERY, exact=Boolean)
    return columns.cte("asked").prefix_with("MATERIALIZED")


def has(search: ColumnElement[Any], query: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the words of a task are as one of these queries asks."""
    return search.op("@@", is_comparison=True)(one(query))


def one(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """The value in the one row of `asked_for`, or of another like it."""
    return select(column).scalar_subquery()
