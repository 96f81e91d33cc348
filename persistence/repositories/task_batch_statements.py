"""The statements of batches of tasks: one parameter holds all rows, so that a statement is the same for every number.

Rows are locked in order of id before any is written: of two units that write the same tasks one waits for the other,
and not each for the other.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    Insert,
    Text,
    Uuid,
    all_,
    any_,
    bindparam,
    case,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.types import TypeEngine

from persistence.models import TaskRow, UserRow
from persistence.repositories.base import RETENTION, answered
from persistence.repositories.task_trees import tree

TASKS = TaskRow.metadata.tables["tasks"]
USERS = UserRow.metadata.tables["users"]
COLUMNS = answered(TASKS)

_OWNER: ColumnElement[Any] = bindparam("owner", type_=Uuid)
_ACTOR: ColumnElement[Any] = bindparam("actor", type_=Uuid)
_ROWS = bindparam("rows", type_=JSONB)
_OWNED = TASKS.c.owner_id == _OWNER
_LIVING_OWNER = select(USERS.c.id).where(USERS.c.id == _OWNER, USERS.c.deleted_at.is_(None))
_GUARD: dict[str, TypeEngine[Any]] = {"id": Uuid(), "version": BigInteger(), "created_at": DateTime(timezone=True)}
_CHANGE: dict[str, TypeEngine[Any]] = {"written": ARRAY(Text), "put": JSONB(), "removed": ARRAY(Text)}


def _insert(names: Sequence[str]) -> Any:
    """The owner is held once and not for each row: whoever deletes or erases it is waited for, and then it is gone."""
    owner = _LIVING_OWNER.with_for_update(read=True).cte("owner")
    rows = func.jsonb_populate_recordset(literal_column("NULL::tasks"), _ROWS)
    given = rows.table_valued(*(TASKS.c[name] for name in names), name="given")
    values = select(owner.c.id, _ACTOR, _ACTOR, *(given.c[name] for name in names)).join_from(owner, given, true())
    return insert(TASKS).from_select(["owner_id", "created_by", "updated_by", *names], values.order_by(given.c.id))


@lru_cache(maxsize=64)
def inserted(names: tuple[str, ...]) -> Insert:
    """Makes the rows, which have these columns."""
    statement: Insert = _insert(names)
    return statement


@lru_cache(maxsize=64)
def inserted_where_free(names: tuple[str, ...]) -> ReturningInsert[Any]:
    """As `inserted`, but for those whose id is taken; it answers the others."""
    free = _insert(names).on_conflict_do_nothing(index_elements=["owner_id", "id"])
    statement: ReturningInsert[Any] = free.returning(*COLUMNS)
    return statement


def _given(types: dict[str, TypeEngine[Any]]) -> CTE:
    columns = [column(name, type_) for name, type_ in types.items()]
    return select(func.jsonb_to_recordset(_ROWS).table_valued(*columns, name="r").render_derived(with_types=True)).cte(
        "given"
    )


def _as_asked(given: CTE) -> ColumnElement[bool]:
    """A living task of the version that was asked for, where one was, below a living owner."""
    version = (TASKS.c.version == given.c.version) & (TASKS.c.created_at == given.c.created_at)
    return TASKS.c.deleted_at.is_(None) & or_(given.c.version.is_(None), version) & _LIVING_OWNER.exists()


@lru_cache(maxsize=256)
def updated(names: tuple[str, ...]) -> ReturningUpdate[Any]:
    """Writes these columns, of each row those that it says."""
    given = _given(_GUARD | _CHANGE | {name: _type(name) for name in names})
    locked = (
        select(TASKS.c.id)
        .join_from(given, TASKS, _OWNED & (TASKS.c.id == given.c.id))
        .where(_as_asked(given))
        .order_by(TASKS.c.id)
        .with_for_update(key_share=True, of=TASKS)
        .cte("locked")
    )
    values = {name: _value(name, given) for name in names}
    found = (_OWNED, TASKS.c.id == locked.c.id, given.c.id == locked.c.id)
    return update(TASKS).where(*found).values(updated_by=_ACTOR, **values).returning(*COLUMNS)


def _type(name: str) -> TypeEngine[Any]:
    """The type as it is declared of a record: without the collation of the column."""
    of_column = TASKS.c[name].type
    if isinstance(of_column, ARRAY):
        return ARRAY(Text)
    return Text() if isinstance(of_column, Text) else of_column


def _value(name: str, given: CTE) -> ColumnElement[Any]:
    written = case((literal(name, Text) == any_(given.c.written), given.c[name]), else_=TASKS.c[name])
    if name != "metadata":
        return written
    return written.op("-", return_type=JSONB())(given.c.removed).op("||", return_type=JSONB())(given.c.put)


def _delete() -> ReturningUpdate[Any]:
    """The tasks of the rows, which `asked` names too, and what is below those of `ids`, which is not answered."""
    given, below = _given(_GUARD), tree(deleted=False)
    # As an array, since nobody can tell how many there are below: a join would be planned as a scan of the whole table.
    wanted = func.array(select(below.c.id).union(select(given.c.id)).scalar_subquery(), type_=ARRAY(Uuid))
    chosen = (
        select(TASKS.c.id)
        .join_from(TASKS, given, given.c.id == TASKS.c.id, isouter=True)
        .where(_OWNED, TASKS.c.id == any_(wanted), _as_asked(given))
        .order_by(TASKS.c.id)
        .with_for_update(key_share=True, of=TASKS)
        .cte("chosen")
    )
    asked = bindparam("asked", type_=ARRAY(Uuid))
    found = update(TASKS).where(_OWNED, TASKS.c.id == chosen.c.id)
    deleted = found.values(deleted_at=func.now(), purge_at=func.now() + RETENTION, updated_by=_ACTOR)
    others = deleted.where(TASKS.c.id != all_(asked)).cte("others")
    return deleted.where(TASKS.c.id == any_(asked)).returning(*COLUMNS).add_cte(others)


DELETE = _delete()
_AMONG = TASKS.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
EXISTING = select(TASKS.c.id).where(_OWNED, _AMONG)
STANDINGS = (
    select(USERS.c.deleted_at.label("owner_deleted_at"), (TASKS.c.purge_at <= func.now()).label("purge_due"), *COLUMNS)
    .join_from(USERS, TASKS, TASKS.c.owner_id == USERS.c.id)
    .where(USERS.c.id == _OWNER, _AMONG)
)
