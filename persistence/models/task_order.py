"""What tasks are sorted by, and for each order an index of the living and one of the deleted (database.md, R8)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Index, func, literal_column

from persistence.models.tasks import DELETED, LIVING, TaskRow

_TASKS = TaskRow.metadata.tables["tasks"]

# By name. A query that does not sort by the very expression of the index cannot use it, so there is one place for them.
# Tasks without a due time come last: behind the latest when the earliest is first (`due_first`), and behind the
# earliest, which the index is read backwards to, when the latest is first (`due_last`).
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "created_at": _TASKS.c.created_at,
    "updated_at": _TASKS.c.updated_at,
    "title": _TASKS.c.title,
    "priority": _TASKS.c.priority,
    "due_first": func.coalesce(_TASKS.c.due_at, literal_column("'infinity'::timestamptz", _TASKS.c.due_at.type)),
    "due_last": func.coalesce(_TASKS.c.due_at, literal_column("'-infinity'::timestamptz", _TASKS.c.due_at.type)),
}
# The keys between the owner and the id. An index is read in both directions, and its last key and the id in one.
INDEXED_ORDERS: tuple[tuple[str, ...], ...] = (
    *((name,) for name in SORT_KEYS),
    *(("priority", name) for name in SORT_KEYS if name != "priority"),
)

for _order in INDEXED_ORDERS:
    _name = f"ix_tasks_owner_id_{'_'.join(_order)}_id"
    _keys = (_TASKS.c.owner_id, *(SORT_KEYS[key] for key in _order), _TASKS.c.id)
    Index(f"{_name}_living", *_keys, postgresql_where=LIVING)
    Index(f"{_name}_deleted", *_keys, postgresql_where=DELETED)
