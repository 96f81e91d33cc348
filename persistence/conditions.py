"""What rows must be like: the neutral tree that a filter is compiled to, and that a repository turns into SQL.

Columns go by their names, values are as the driver takes them. A comparison with a value that is not there (NULL, or a
key that an object does not have) does not hold, whichever its operator; `Not` is the complement of its part.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
Value: TypeAlias = str | bool | datetime | UUID
JsonScalar: TypeAlias = str | float | bool | None
Path: TypeAlias = tuple[str, ...]  # keys of objects, from the outermost on; never a place in an array
Pattern: TypeAlias = tuple[str, ...]  # the literal pieces between its wildcards: ("a", "") is "a" and what follows


@dataclass(frozen=True, slots=True)
class Every:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class Compare:
    """Text by code point, names of a fixed set in the order in which it declares them."""

    column: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Matches:
    """The whole text matches the pattern; with `negated` there is a text and it does not."""

    column: str
    pattern: Pattern
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsSet:
    """Not NULL, and where the column holds lists or objects not an empty one."""

    column: str


@dataclass(frozen=True, slots=True)
class Holds:
    """The list has this element."""

    column: str
    value: str


@dataclass(frozen=True, slots=True)
class HoldsMatch:
    """The list has an element that matches the pattern."""

    column: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class JsonCompare:
    """`=` and `!=` compare with a value of any type, the others a number with numbers and a string with strings."""

    column: str
    path: Path
    operator: Operator
    value: JsonScalar


@dataclass(frozen=True, slots=True)
class JsonMatches:
    """There is a string, and the whole of it matches the pattern."""

    column: str
    path: Path
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class JsonIsSet:
    """There is a value, perhaps null."""

    column: str
    path: Path


@dataclass(frozen=True, slots=True)
class JsonHas:
    """An array with this element, or, where the value is a string, an object with this key or a string around it."""

    column: str
    path: Path
    value: JsonScalar


JsonCondition: TypeAlias = JsonCompare | JsonMatches | JsonIsSet | JsonHas
Condition: TypeAlias = Every | Some | Not | Compare | Matches | IsSet | Holds | HoldsMatch | JsonCondition
