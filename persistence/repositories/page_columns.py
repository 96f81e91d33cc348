"""The columns of a page's statement: of the table, and of the queries around it, which see them by their names alone.

SQLAlchemy would copy the columns of each subquery, which costs more than all else about a statement of many.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Boolean, Column, ColumnClause, ColumnElement, Integer, Table, bindparam, column
from sqlalchemy.sql.expression import FromClause

from persistence.conditions import Condition
from persistence.repositories.base import answered
from persistence.repositories.conditions import clause
from persistence.repositories.segments import Key

LIMIT, CAP = bindparam("limit", type_=Integer), bindparam("cap", type_=Integer)
PLACE = column("place", Integer)
MATCHES, STOPPED = column("matches", Boolean), column("stopped", Boolean)


def of_table(table: Table, keys: Sequence[Key]) -> list[ColumnElement[Any]]:
    """Of a row, and what it is sorted by, under the names of the keys."""
    return [*answered(table), *(key.expression.label(key.name) for key in keys)]


def around(table: Table, keys: Sequence[Key]) -> list[ColumnClause[Any]]:
    """The same in a query around that one."""
    return [*(by_name(each) for each in answered(table)), *(key.around for key in keys)]


def by_name(of: Column[Any]) -> ColumnClause[Any]:
    return column(of.name, of.type)


def marks(matches: ColumnElement[bool], stopped: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    return [matches.label(MATCHES.name), stopped.label(STOPPED.name)]


def clause_around(table: Table, condition: Condition) -> ColumnElement[bool]:
    """The condition in a query around that of the table."""
    named = SimpleNamespace(c={each.name: by_name(each) for each in answered(table)})
    return clause(cast(FromClause, named), condition)  # all that it asks of a table is its columns, by name
