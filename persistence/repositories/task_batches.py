"""Many tasks of one owner, each of the things done to them in one statement however many they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.base import KeyChanges, Repository
from persistence.repositories.task_batch_statements import (
    DELETE,
    EXISTING,
    STANDINGS,
    inserted,
    inserted_where_free,
    updated,
)

Columns = Mapping[str, object]  # of one row, `id` among them


@dataclass(frozen=True, slots=True)
class TaskChange:
    """What is done to one task, of version and creation as its etag names them, where one is given."""

    id: UUID
    version: tuple[int, datetime] | None
    columns: Mapping[str, object]


class TaskBatches(Repository):
    """Whose tasks it writes it notes in `owners`. Nothing is asked twice: each id comes once."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def add_many(self, owner_id: UUID, actor: UUID, rows: Sequence[Columns]) -> Mapping[UUID, Row[Any]]:
        """The tasks that were made, but for those whose id is taken; none where no such owner lives.

        All `rows`, of which there is at least one, have the same columns.
        """
        made = await self._all(inserted_where_free(tuple(rows[0])), self._rows(owner_id, actor, rows))
        return {row.id: row for row in made}

    async def import_many(self, owner_id: UUID, actor: UUID, rows: Sequence[Columns]) -> int:
        """As `add_many`, but answers only how many were made, which is much cheaper: all of them, or none.

        Raises UniqueViolation where an id is taken.
        """
        return await self._run(inserted(tuple(rows[0])), self._rows(owner_id, actor, rows))

    async def change_many(self, owner_id: UUID, actor: UUID, changes: Sequence[TaskChange]) -> Mapping[UUID, Row[Any]]:
        """The living tasks that were as the change asks, as they are now; none where no such owner lives."""
        names = {name for change in changes for name in change.columns}
        rows = [_change(change) for change in changes]
        written = await self._all(updated(tuple(sorted(names))), self._rows(owner_id, actor, rows))
        return {row.id: row for row in written}

    async def delete_many(
        self, owner_id: UUID, actor: UUID, asked: Mapping[UUID, tuple[int, datetime] | None], forced: Collection[UUID]
    ) -> Mapping[UUID, Row[Any]]:
        """The living ones of these that are of the version asked for, deleted; none where no such owner lives.

        The living tasks below those of `forced`, to the last level, are deleted with them.
        """
        rows = [_named(task_id, version) for task_id, version in asked.items()]
        values = {**self._rows(owner_id, actor, rows), "ids": [*forced], "asked": [*asked]}
        return {row.id: row for row in await self._all(DELETE, values)}

    async def existing(self, owner_id: UUID, ids: Collection[UUID]) -> Collection[UUID]:
        """Those of these that there are, deleted ones too."""
        return {row.id for row in await self._all(EXISTING, {"owner": owner_id, "ids": [*ids]})}

    async def get_standings(self, owner_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
        """As `Tasks.get_standing`, those of these that there are."""
        rows = await self._all(STANDINGS, {"owner": owner_id, "ids": [*ids]})
        return {row.id: row for row in rows}

    def _rows(self, owner_id: UUID, actor: UUID, rows: Sequence[Columns]) -> dict[str, object]:
        self._owners.add(owner_id)
        return {"owner": owner_id, "actor": actor, "rows": [_as_json(row) for row in rows]}


def _named(task_id: UUID, guard: tuple[int, datetime] | None) -> dict[str, object]:
    version, created_at = guard or (None, None)
    return {"id": task_id, "version": version, "created_at": created_at}


def _change(change: TaskChange) -> Columns:
    """Beside the columns stands which of them the row has, so that one may be set to NULL."""
    whole = {name: value for name, value in change.columns.items() if not isinstance(value, KeyChanges)}
    keys = [value for value in change.columns.values() if isinstance(value, KeyChanges)] or [KeyChanges({}, ())]
    merged = {"put": keys[0].put, "removed": [*keys[0].removed]}
    return _named(change.id, change.version) | {"written": [*whole], **merged, **whole}


def _as_json(columns: Columns) -> dict[str, object]:
    return {name: _value(value) for name, value in columns.items()}


def _value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
