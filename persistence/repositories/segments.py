"""An order as a sequence of segments: each is one range of one index, and a page goes on in it by a row comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ColumnClause,
    ColumnElement,
    UnaryExpression,
    and_,
    bindparam,
    column,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql.functions import FunctionElement


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an order: `column` has its values, `expression` is what indexes have, `name` is its in a subquery.

    `values` are all values, lowest first, where indexes go on behind each of them with any second key.
    """

    place: int
    name: str
    column: Column[Any]
    expression: ColumnElement[Any]
    descending: bool
    values: tuple[str, ...] = ()

    @property
    def absent(self) -> ColumnElement[Any] | None:
        """What stands in the expression for a row without a value; None where every row has one."""
        return [*self.expression.clauses][1] if isinstance(self.expression, FunctionElement) else None

    @property
    def given(self) -> ColumnElement[Any]:
        """The value of the position that a page begins behind."""
        return bindparam(f"at_{self.place}", type_=self.column.type)

    @property
    def value(self) -> ColumnElement[Any]:
        """The same, as the expression has it."""
        return self.given if self.absent is None else func.coalesce(self.given, self.absent)

    @property
    def unseen_value(self) -> ColumnElement[Any]:
        """The value, hidden from PostgreSQL, which then counts on a third of the rows.

        It judges a row comparison by the first value: where many rows have that one it would count on few, and perhaps
        go through another index.
        """
        return select(self.value).scalar_subquery()

    @property
    def around(self) -> ColumnClause[Any]:
        """As a query around the one of the table sees its expression."""
        return column(self.name, self.expression.type)

    def sorting(self, expression: ColumnElement[Any]) -> UnaryExpression[Any]:
        return expression.desc() if self.descending else expression.asc()

    def follows(self, expression: ColumnElement[Any], value: ColumnElement[Any]) -> ColumnElement[bool]:
        return expression < value if self.descending else expression > value


# Of a position what decides in which segments a page lies: None at the beginning, else the value of the first key
# where its values are listed, and otherwise whether there is one.
Lead: TypeAlias = str | bool | None


@dataclass(frozen=True, slots=True)
class Segment:
    """`grouped`: all rows of it are alike in the first key. `absent`: none has a value there.

    The index that the rows of an `absent` segment are read by has others among them.
    """

    conditions: tuple[ColumnElement[bool], ...] = ()
    grouped: bool = False
    absent: bool = False


def lead(keys: Sequence[Key], position: Sequence[object] | None) -> Lead:
    if position is None:
        return None
    first = position[0]
    return str(first) if keys and keys[0].values else first is not None


def segments(keys: Sequence[Key], ties: Sequence[Key], start: Lead) -> list[Segment]:
    """In their order; `ties` are the columns that no two rows share, in the direction of the last key."""
    if len(keys) == 2 and keys[0].values and keys[0].descending != keys[1].descending:
        return list(_of_values(keys[0], _behind([keys[1], *ties]), start))
    if len(keys) == 2 and not keys[0].values:
        return list(_of_ranges(keys[0], _behind([keys[1], *ties]), start))
    return [Segment(() if start is None else (_behind([*keys, *ties]),))]


def _behind(keys: Sequence[Key]) -> ColumnElement[bool]:
    if len(keys) == 1:
        return keys[0].follows(keys[0].expression, keys[0].value)
    return keys[-1].follows(tuple_(*(key.expression for key in keys)), tuple_(*(key.unseen_value for key in keys)))


def _of_values(first: Key, rest: ColumnElement[bool], start: Lead) -> Iterator[Segment]:
    values = first.values[::-1] if first.descending else first.values
    for value in values[0 if start is None else values.index(str(start)) :]:
        alike = first.expression == literal(value, first.column.type)
        yield Segment((alike, rest) if value == start else (alike,), grouped=True)


def _of_ranges(first: Key, rest: ColumnElement[bool], start: Lead) -> Iterator[Segment]:
    """What is left of the group that the page begins in, the groups behind it, and the rows without a value."""
    in_absent = start is not None and not start
    if not in_absent:
        if start:
            # How many rows are alike PostgreSQL knows of the column, and not of the expression.
            known = () if first.absent is None else (first.column == first.given,)
            yield Segment((first.expression == first.value, *known, rest), grouped=True)
        begin = (first.follows(first.expression, first.value),) if start else ()
        end = () if first.absent is None else (first.follows(first.absent, first.expression),)
        yield Segment((*begin, *end))
    if first.absent is not None:
        yield Segment((rest,) if in_absent else (), grouped=True, absent=True)


def behind_in_memory(keys: Sequence[Key]) -> ColumnElement[bool]:
    """In a query around that of the table: of rows that no index gives in their order, those behind the position."""
    key, *others = keys
    further = key.follows(key.around, key.value)
    return or_(further, and_(key.around == key.value, behind_in_memory(others))) if others else further
