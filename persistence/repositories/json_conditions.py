"""Conditions on what a JSONB column holds, as SQL: keys and values are always bound."""

import json
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, false, func, literal, literal_column
from sqlalchemy.dialects.postgresql import JSONB

from persistence.conditions import JsonCompare, JsonCondition, JsonHas, JsonIsSet, JsonMatches, JsonScalar, Path
from persistence.repositories.patterns import OPERATORS, like


def json_clause(column: ColumnElement[Any], condition: JsonCondition) -> ColumnElement[bool]:
    found = _at(column, condition.path)
    match condition:
        case JsonIsSet():
            return found.is_not(None)
        case JsonMatches(pattern=pattern):
            return and_(_is(found, "string"), like(_text(found), pattern))
        case JsonHas(value=value):
            return _has(found, value)
        case JsonCompare():
            return _compare(found, condition)


def containment(column: ColumnElement[Any], path: Path, value: JsonScalar) -> ColumnElement[bool]:
    """Holds wherever the value at `path` is this one, and a GIN index answers it."""
    document: object = value
    for key in reversed(path):
        document = {key: document}
    return column.op("@>", is_comparison=True)(_json(document))


def has_key(column: ColumnElement[Any], key: str) -> ColumnElement[bool]:
    return column.op("?", is_comparison=True)(literal(key, Text()))


def _at(column: ColumnElement[Any], path: Path) -> ColumnElement[Any]:
    """Key by key: `#>` would take a key of digits for a place in an array."""
    found = column
    for key in path:
        found = found.op("->", return_type=JSONB())(literal(key, Text()))
    return found


def _compare(found: ColumnElement[Any], condition: JsonCompare) -> ColumnElement[bool]:
    compare, value = OPERATORS[condition.operator], condition.value
    if condition.operator in ("=", "!="):
        return compare(found, _json(value))
    if isinstance(value, str):
        return and_(_is(found, "string"), compare(_text(found), literal(value, Text())))
    return and_(_is(found, "number"), compare(found, _json(value)))


def _has(found: ColumnElement[Any], value: JsonScalar) -> ColumnElement[bool]:
    """Each kind of value is asked in a branch of its own, as `@>` and `?` mean other things for other kinds."""
    branches: dict[str, ColumnElement[bool]] = {"array": found.op("@>", is_comparison=True)(_json(value))}
    if isinstance(value, str):
        branches["object"] = has_key(found, value)
        branches["string"] = func.strpos(_text(found), literal(value, Text())) > 0
    return case(branches, value=func.jsonb_typeof(found), else_=false())


def _is(found: ColumnElement[Any], kind: str) -> ColumnElement[bool]:
    return func.jsonb_typeof(found) == kind


def _text(found: ColumnElement[Any]) -> ColumnElement[str]:
    """What a string says, ordered by code point on every server."""
    return found.op("#>>", return_type=Text())(literal_column("'{}'")).collate("C")


def _json(value: object) -> ColumnElement[Any]:
    return cast(literal(json.dumps(value), Text()), JSONB())
