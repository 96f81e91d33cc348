"""The kinds of fields: which operators each takes, and what a comparison asks of its column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias
from uuid import UUID

from persistence.conditions import (
    Compare,
    Condition,
    Every,
    Holds,
    HoldsMatch,
    IsSet,
    Matches,
    Not,
    Operator,
    Pattern,
    Value,
)
from service.fields import caseless, composed, tag_key
from service.filtering.faults import listed, similar
from service.filtering.lexer import Argument
from service.filtering.times import parse_time
from service.names import parse_user

PIECE = 200  # code points that are looked for at every place of every text: the time grows with both
EQUALITY: tuple[Operator, ...] = ("=", "!=")
ORDER: tuple[Operator, ...] = (*EQUALITY, "<", "<=", ">", ">=")

Comparison: TypeAlias = Callable[[Operator, Argument], Condition]


@dataclass(frozen=True, slots=True)
class Field:
    """What a filter may ask of a field: comparisons by its operators, `field:*`, and `field:value` if it `has` such.

    `compare` and `has` raise ValueError with the rule that the value breaks.
    """

    operators: tuple[Operator, ...]
    compare: Comparison | None
    present: Condition
    has: Callable[[Argument], Condition] | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    """An object of free keys, in a JSONB column."""

    column: str


def text(column: str) -> Field:
    """Present where it is not empty."""
    return Field(
        ORDER, partial(_text, column, composed), Compare(column, "!=", ""), partial(_contains, column, composed)
    )


def caseless_text(key_column: str) -> Field:
    """Text whose `key_column` is made by `service.fields.caseless`: two spellings of it are one."""
    has = partial(_contains, key_column, caseless)
    return Field(EQUALITY, partial(_text, key_column, caseless), IsSet(key_column), has)


def enumeration(column: str, names: Sequence[str], *, ordered: bool = False) -> Field:
    """`names` without the unspecified one, the lowest first where they are `ordered`."""
    return _scalar(column, ORDER if ordered else EQUALITY, partial(_name, names))


def time(column: str) -> Field:
    return _scalar(column, ORDER, parse_time)


def boolean(column: str) -> Field:
    return _scalar(column, EQUALITY, _truth)


def user(column: str) -> Field:
    """The name of an account, kept as its id."""
    return _scalar(column, EQUALITY, parse_user)


def reference(column: str, parse: Callable[[str], tuple[UUID, UUID]]) -> Field:
    """The name of a resource of the same owner; `parse` answers its owner and its id."""
    return Field(EQUALITY, partial(_refers, column, parse), IsSet(column))


def tags(column: str) -> Field:
    """A list of keys that `service.fields.tag_key` has made."""
    return Field((), None, IsSet(column), partial(_tagged, column))


def normalised(pieces: Pattern, normalise: Callable[[str], str]) -> Pattern:
    """Each as a part of the whole: white space at the end of a piece is none at the end of the text."""
    return tuple(normalise("\x00".join(pieces)).split("\x00"))  # U+0000 is in no filter, and no rule changes it


def bounded(pieces: Pattern) -> Pattern:
    """Raises ValueError for a piece that is too long to be looked for in every text."""
    longest = max(map(len, pieces))
    if longest > PIECE:
        raise ValueError(f"text is looked for by at most {PIECE} characters between two `*`, not {longest}")
    return pieces


def _scalar(column: str, operators: tuple[Operator, ...], parse: Callable[[str], Value]) -> Field:
    def compare(operator: Operator, argument: Argument) -> Condition:
        return Compare(column, operator, parse(argument.text))

    return Field(operators, compare, IsSet(column))


def _text(column: str, normalise: Callable[[str], str], operator: Operator, argument: Argument) -> Condition:
    pieces = normalised(argument.pieces, normalise)
    if len(pieces) == 1:
        return Compare(column, operator, pieces[0])
    if operator not in EQUALITY:
        raise ValueError(rf'`{operator}` takes no `*`; the character itself is "\*", in quotes')
    return Matches(column, bounded(pieces), negated=operator == "!=")


def _contains(column: str, normalise: Callable[[str], str], argument: Argument) -> Condition:
    return Matches(column, ("", *bounded(normalised(argument.pieces, normalise)), ""))


def _tagged(column: str, argument: Argument) -> Condition:
    pieces = normalised(argument.pieces, tag_key)
    return Holds(column, pieces[0]) if len(pieces) == 1 else HoldsMatch(column, pieces)


def _refers(
    column: str, parse: Callable[[str], tuple[UUID, UUID]], operator: Operator, argument: Argument
) -> Condition:
    owner_id, resource_id = parse(argument.text)
    same = Every((Compare("owner_id", "=", owner_id), Compare(column, "=", resource_id)))
    return same if operator == "=" else Every((IsSet(column), Not(same)))


def _name(names: Sequence[str], value: str) -> str:
    if value in names:
        return value
    meant = similar(value.upper(), names)
    hint = f", did you mean `{meant}`" if meant else ""
    raise ValueError(f"there is no such value{hint}; the values are {listed(names)}")


def _truth(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("`true` or `false` is due")
    return value == "true"
