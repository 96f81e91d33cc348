"""Comparisons with what stands in an object of free keys: `metadata.key`, and deeper."""

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from persistence.conditions import (
    Condition,
    Every,
    IsSet,
    JsonCompare,
    JsonHas,
    JsonIsSet,
    JsonMatches,
    JsonScalar,
    Not,
    Operator,
    Path,
)
from service.fields import composed
from service.filtering.kinds import EQUALITY, Struct, bounded, normalised
from service.filtering.lexer import Argument

_WORDS: Mapping[str, JsonScalar] = MappingProxyType({"true": True, "false": False, "null": None})
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def stored(keys: tuple[str, ...]) -> Path:
    return tuple(composed(key) for key in keys)


def has(struct: Struct, path: Path, argument: Argument) -> Condition:
    """`metadata:key`, `metadata:*`, `metadata.key:value` and `metadata.key:*`. Raises ValueError with the rule."""
    if argument.anything:
        return JsonIsSet(struct.column, path) if path else IsSet(struct.column)
    if len(argument.pieces) > 1:
        raise ValueError(r'a key or an element takes no `*`; the character itself is "\*", in quotes')
    if not path:
        return JsonIsSet(struct.column, (composed(argument.text),))
    bounded(argument.pieces)
    return JsonHas(struct.column, path, _scalar(argument))


def compare(struct: Struct, path: Path, operator: Operator, argument: Argument) -> Condition:
    """Raises ValueError with the rule that the value breaks."""
    if len(argument.pieces) > 1:
        return _matches(struct, path, operator, argument)
    value = _scalar(argument)
    if operator not in EQUALITY and (value is None or isinstance(value, bool)):
        raise ValueError(f"`{json.dumps(value)}` takes `=` and `!=` alone")
    return JsonCompare(struct.column, path, operator, value)


def _matches(struct: Struct, path: Path, operator: Operator, argument: Argument) -> Condition:
    if operator not in EQUALITY:
        raise ValueError(rf'`{operator}` takes no `*`; the character itself is "\*", in quotes')
    matches = JsonMatches(struct.column, path, bounded(normalised(argument.pieces, composed)))
    return matches if operator == "=" else Every((JsonIsSet(struct.column, path), Not(matches)))


def _scalar(argument: Argument) -> JsonScalar:
    """Without quotes a number, true, false and null are such; all else is a string."""
    if argument.quoted:
        return composed(argument.text)
    if argument.text in _WORDS:
        return _WORDS[argument.text]
    return _number(argument.text) if _NUMBER.fullmatch(argument.text) else composed(argument.text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number must lie between -1.8e308 and 1.8e308")
    return number
