"""Conditions as SQL, values always bound: the whole of one as a clause, and the part of it that an index answers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Text, and_, any_, false, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.expression import FromClause

from persistence.conditions import (
    Compare,
    Condition,
    Every,
    Holds,
    HoldsMatch,
    IsSet,
    JsonCompare,
    JsonCondition,
    Matches,
    Not,
    Pattern,
    Some,
    Value,
)
from persistence.repositories.json_conditions import containment, has_key, json_clause
from persistence.repositories.patterns import OPERATORS, like


def clause(table: FromClause, condition: Condition) -> ColumnElement[bool]:
    """True or false of each row, never NULL. `table` may be a subquery that has the columns under their names.

    No index answers it as it stands, so that the order of a page stays the planner's guide; `anchor` is for indexes.
    """
    return func.coalesce(_truth(table, condition), false())


def anchor(table: FromClause, condition: Condition, indexed: Sequence[str]) -> ColumnElement[bool] | None:
    """What an index can answer of the condition: it holds of every row of which the condition holds, and of others.

    `indexed` names the columns that have an index, the best first: of a plain column its equality with one value or
    one of several, of a list that it has elements (`@>`), of an object that it has a value (`@>`) or a key (`?`).
    None where the condition asks no such thing of any of them.
    """
    conjuncts = tuple(_conjuncts(condition))
    served = (_served(table.c[name], conjuncts) for name in indexed)
    return next((found for found in served if found is not None), None)


def _truth(table: FromClause, condition: Condition) -> ColumnElement[bool]:
    """True where the condition holds; false or NULL where it does not."""
    match condition:
        case Every(parts):
            return and_(true(), *(_truth(table, part) for part in parts))
        case Some(parts):
            return or_(false(), *(_truth(table, part) for part in parts))
        case Not(part):
            return not_(clause(table, part))
        case Compare() | Matches() | IsSet() | Holds() | HoldsMatch():
            return _of_column(table.c[condition.column], condition)
        case _:
            return json_clause(table.c[condition.column], condition)


def _of_column(
    column: ColumnElement[Any], condition: Compare | Matches | IsSet | Holds | HoldsMatch
) -> ColumnElement[bool]:
    match condition:
        case Compare(_, operator, value):
            return OPERATORS[operator](column, literal(value, column.type))
        case Matches(_, pattern, negated):
            return not_(like(column, pattern)) if negated else like(column, pattern)
        case IsSet():
            return _is_set(column)
        case Holds(_, value):
            return _holds(column, [value])
        case HoldsMatch(_, pattern):
            return _has_match(column, pattern)


def _has_match(column: ColumnElement[Any], pattern: Pattern) -> ColumnElement[bool]:
    element = func.unnest(column, type_=Text()).column_valued("element")
    return select(literal(1)).where(like(element, pattern)).exists()


def _is_set(column: ColumnElement[Any]) -> ColumnElement[bool]:
    if isinstance(column.type, ARRAY):
        return func.cardinality(column) > 0
    if isinstance(column.type, JSONB):
        return column != func.jsonb_build_object()
    return column.is_not(None)


def _holds(column: ColumnElement[Any], values: list[str]) -> ColumnElement[bool]:
    return column.op("@>", is_comparison=True)(literal(values, column.type))


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, Every):
        for part in condition.parts:
            yield from _conjuncts(part)
    else:
        yield condition


def _served(column: ColumnElement[Any], conjuncts: Sequence[Condition]) -> ColumnElement[bool] | None:
    name = column.key
    if isinstance(column.type, ARRAY):
        held = [part.value for part in conjuncts if isinstance(part, Holds) and part.column == name]
        return _holds(column, held) if held else None
    if isinstance(column.type, JSONB):
        return _inside(column, [part for part in conjuncts if isinstance(part, JsonCondition) and part.column == name])
    return _one_of(column, _values(Every(tuple(conjuncts)), str(name)))


def _inside(column: ColumnElement[Any], conditions: Sequence[JsonCondition]) -> ColumnElement[bool] | None:
    for part in conditions:
        if isinstance(part, JsonCompare) and part.operator == "=":
            return containment(column, part.path, part.value)
    return has_key(column, conditions[0].path[0]) if conditions else None


def _one_of(column: ColumnElement[Any], values: Sequence[Value] | None) -> ColumnElement[bool] | None:
    if values is None:
        return None
    if len(values) == 1:
        return column == literal(values[0], column.type)
    return column == any_(literal(list(values), ARRAY(column.type)))


def _values(condition: Condition, column: str) -> tuple[Value, ...] | None:
    """The column has one of these in every row of which the condition holds; None where it may have any."""
    match condition:
        case Compare(name, "=", value) if name == column:
            return (value,)
        case Every(parts):
            return min(_known(parts, column), key=len, default=None)
        case Some(parts):
            found = list(_known(parts, column))
            return tuple(dict.fromkeys(v for values in found for v in values)) if len(found) == len(parts) else None
        case _:
            return None


def _known(parts: Iterable[Condition], column: str) -> Iterator[tuple[Value, ...]]:
    return (values for part in parts if (values := _values(part, column)) is not None)
