"""What every repository stands on: three primitives, and the one statement that changes a row under a guard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    CursorResult,
    DateTime,
    Executable,
    Row,
    Table,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from persistence import errors

RETENTION = timedelta(days=30)  # from the deletion of a resource to its purge


class Moment(Enum):
    """A time that the database's clock fills in, so that workers with other clocks agree."""

    NOW = "now"
    PURGE = "purge"  # now and the retention


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """What an update does to single keys of a JSONB object; the others stay as they are at that moment."""

    put: Mapping[str, object]
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold of a row for a change to happen: the statement itself decides, so no read comes before it."""

    deleted: bool = False
    version: tuple[int, datetime] | None = None  # version and creation, as the etag names them
    states: tuple[str, ...] | None = None


class Repository:
    """One table within one transaction. Rows leave it as they are; use cases turn them into schemas."""

    __slots__ = ("_connection",)

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _one(self, statement: Executable, values: Mapping[str, object]) -> Row[Any] | None:
        return (await self._execute(statement, values)).first()

    async def _made(self, statement: Executable, values: Mapping[str, object]) -> Row[Any]:
        """The row of a statement that always answers one."""
        row = await self._one(statement, values)
        if row is None:
            raise AssertionError("the statement answered no row")
        return row

    async def _all(self, statement: Executable, values: Mapping[str, object]) -> Sequence[Row[Any]]:
        return (await self._execute(statement, values)).all()

    async def _run(self, statement: Executable, values: Mapping[str, object]) -> int:
        """Answers how many rows were written."""
        return (await self._execute(statement, values)).rowcount

    async def _execute(self, statement: Executable, values: Mapping[str, object]) -> CursorResult[Any]:
        """The whole result, fetched. Raises PersistenceError where the database says no."""
        try:
            return await self._connection.execute(statement, values)
        except Exception as error:
            raise errors.translate(error) from error


def answered(table: Table) -> list[Column[Any]]:
    """The columns of a row as it is answered: all but those that the database computes for its indexes."""
    return [column for column in table.c if column.computed is None]


Shape = tuple[tuple[str, Moment | type[KeyChanges] | None], ...]


def change(
    table: Table,
    key: Mapping[str, object],
    columns: Mapping[str, object],
    guard: Guard,
    also: ColumnElement[bool] | None,
) -> tuple[ReturningUpdate[Any], dict[str, object]]:
    """`UPDATE ... WHERE key AND guard RETURNING ...` and its values; `also` is one more condition on the row."""
    shape = tuple((name, _kind(value)) for name, value in columns.items())
    guarded = (guard.deleted, guard.version is not None, guard.states is not None)
    statement = _change(table, tuple(key), shape, guarded, also)
    values = _bound(columns)
    values |= {f"key_{name}": value for name, value in key.items()}
    if guard.version is not None:
        values["etag_version"], values["etag_created_at"] = guard.version
    if guard.states is not None:
        values["states"] = guard.states
    return statement, values


def _kind(value: object) -> Moment | type[KeyChanges] | None:
    if isinstance(value, KeyChanges):
        return KeyChanges
    return value if isinstance(value, Moment) else None


def _bound(columns: Mapping[str, object]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name, value in columns.items():
        if isinstance(value, KeyChanges):
            values |= {f"put_{name}": value.put, f"removed_{name}": list(value.removed)}
        elif not isinstance(value, Moment):
            values[f"set_{name}"] = value
    return values


@lru_cache(maxsize=1024)
def _change(
    table: Table, key: tuple[str, ...], shape: Shape, guarded: tuple[bool, bool, bool], also: ColumnElement[bool] | None
) -> ReturningUpdate[Any]:
    """Built once for each shape: to build a statement anew costs more than to run it."""
    deleted, by_version, by_state = guarded
    c = table.c
    conditions = [c[name] == bindparam(f"key_{name}") for name in key]
    conditions.append(and_(c.deleted_at.is_not(None), c.purge_at > func.now()) if deleted else c.deleted_at.is_(None))
    if by_version:
        conditions += [c.version == bindparam("etag_version"), c.created_at == bindparam("etag_created_at")]
    if by_state:
        conditions.append(c.state == any_(bindparam("states", type_=ARRAY(c.state.type))))
    if also is not None:
        conditions.append(also)
    values = {name: _value(c[name], kind) for name, kind in shape}
    return update(table).where(*conditions).values(values).returning(*answered(table))


def _value(column: Column[Any], kind: Moment | type[KeyChanges] | None) -> ColumnElement[Any]:
    if kind is None:
        return bindparam(f"set_{column.name}")
    if kind is KeyChanges:
        without = column.op("-", return_type=JSONB())(bindparam(f"removed_{column.name}", type_=ARRAY(Text)))
        return without.op("||", return_type=JSONB())(bindparam(f"put_{column.name}", type_=JSONB))
    return func.now() if kind is Moment.NOW else func.now() + RETENTION


def touched(table: Table) -> Update:
    """Writes `last_use_at` of the rows of `ids`, the `moments` in the same order; rows are locked in order of id.

    A time to come, of a worker whose clock is ahead, counts as now.
    """
    ids, moments = bindparam("ids", type_=ARRAY(Uuid)), bindparam("moments", type_=ARRAY(DateTime(timezone=True)))
    given = func.unnest(ids, moments).table_valued("id", "moment").render_derived()
    locked = (
        select(table.c.id, given.c.moment)
        .join_from(given, table, table.c.id == given.c.id)
        .order_by(table.c.id)
        .with_for_update(key_share=True, of=table)
        .subquery("locked")
    )
    latest = func.greatest(table.c.last_use_at, func.least(locked.c.moment, func.clock_timestamp()))
    return update(table).where(table.c.id == locked.c.id).values(last_use_at=latest)
