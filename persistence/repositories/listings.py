"""What can be listed in pages: a table, the order of its rows, and the indexes that serve it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Table, TextClause, bindparam

from persistence.ordering import Order, SortKey
from persistence.repositories.segments import Key

Conditions: TypeAlias = tuple[ColumnElement[bool] | TextClause, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """`of`: the columns that are given and equal in all its rows. `ties`: those that tell the rows apart.

    By `ties` alone one index serves all rows. `sorted_by` has what indexes have for each other key of an order: there
    is one for the living rows and one for the deleted ones. `values` are all values of a column, lowest first, where
    these indexes go on behind each value with any second key. `lookups` are the columns whose values an index finds,
    the best first, and those of `living_lookups` among living rows only; an index on a plain one has `of` before it and
    `ties` behind it.
    """

    table: Table
    of: tuple[str, ...] = ()
    ties: tuple[str, ...] = ("id",)
    among: tuple[TextClause, ...] = ()
    sorted_by: Mapping[SortKey, ColumnElement[Any]] = field(default_factory=dict)
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lookups: tuple[str, ...] = ()
    living_lookups: tuple[str, ...] = ()

    def keys(self, order: Order) -> list[Key]:
        return [
            Key(place, f"key_{place}", self.table.c[key.column], self.sorted_by[key], key.descending, self._all(key))
            for place, key in enumerate(order.keys)
        ]

    def ties_of(self, order: Order) -> list[Key]:
        columns = [self.table.c[name] for name in self.ties]
        return [
            Key(place, str(column.key), column, column, order.descending)
            for place, column in enumerate(columns, start=len(order.keys))
        ]

    def fixed(self) -> Conditions:
        return (*self.among, *(self.table.c[name] == bindparam(name) for name in self.of))

    def parts(self, order: Order, *, deleted: bool) -> Sequence[Conditions]:
        """The conditions of the indexes that together have all rows."""
        if deleted:
            return (self.living(), (self.table.c.deleted_at.is_not(None),)) if order.keys else ((),)
        return (self.living(),)

    def living(self) -> Conditions:
        return (self.table.c.deleted_at.is_(None),)

    def _all(self, key: SortKey) -> tuple[str, ...]:
        return self.values.get(key.column, ())
