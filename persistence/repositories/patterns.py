"""What comparisons of text and of JSON share: the operators, and patterns as LIKE."""

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Text, literal

from persistence.conditions import Operator, Pattern

OPERATORS: Mapping[Operator, Callable[[Any, Any], ColumnElement[bool]]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_ESCAPE = "/"  # a backslash would be written differently on servers with standard_conforming_strings off


def like(text: ColumnElement[str], pattern: Pattern) -> ColumnElement[bool]:
    """The whole text is the pieces of `pattern` in their order, with any characters between them."""
    return text.like(literal("%".join(map(_escaped, pattern)), Text()), escape=_ESCAPE)


def _escaped(piece: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        piece = piece.replace(special, _ESCAPE + special)
    return piece
