"""Tasks of one owner that are found by a rule and then written, all of them in one statement: at most so many at once.

They are found first and written by their ids: where a write has to wait for another unit, PostgreSQL looks at the row
again by all conditions of the statement, and would go through the whole tree again for every such row.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Executable, Select, Uuid, any_, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import Update

from persistence import errors
from persistence.models import TaskRow
from persistence.repositories.base import Repository

TASKS = TaskRow.metadata.tables["tasks"]
MOST = 5_000  # tasks of one write: some seconds, so that it ends before the ceiling of a statement
OWNER: ColumnElement[UUID] = bindparam("owner", type_=Uuid)
_ACTOR: ColumnElement[UUID] = bindparam("actor", type_=Uuid)
_IDS = bindparam("chosen", type_=ARRAY(Uuid))
_LOCK = (
    select(TASKS.c.id)
    .where(TASKS.c.owner_id == OWNER, TASKS.c.id == any_(_IDS))
    .order_by(TASKS.c.id)
    .with_for_update(key_share=True)
)


def found(ids: Select[Any]) -> Select[Any]:
    """The statement that finds them, no more than shows that they are too many."""
    return ids.limit(MOST + 1)


def written(*conditions: ColumnElement[bool], **values: object) -> Update:
    """Writes those of the chosen that the conditions still hold of; rows are locked in order of id before."""
    locked = _LOCK.where(*conditions).subquery("locked")
    return update(TASKS).where(TASKS.c.owner_id == OWNER, TASKS.c.id == locked.c.id).values(updated_by=_ACTOR, **values)


class ManyTasks(Repository):
    """Whose tasks it writes it notes in `owners`. Raises TooManyRows where there are more than MOST."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def _find(self, statement: Executable, owner_id: UUID, values: Mapping[str, object]) -> list[UUID]:
        ids = [row.id for row in await self._all(statement, {"owner": owner_id, **values})]
        if len(ids) > MOST:
            raise errors.TooManyRows(f"more than {MOST} tasks")
        return ids

    async def _hold(self, owner_id: UUID, ids: Sequence[UUID]) -> None:
        await self._run(_LOCK, {"owner": owner_id, "chosen": [*ids]})

    async def _write(
        self, statement: Executable, owner_id: UUID, ids: Sequence[UUID], values: Mapping[str, object]
    ) -> int:
        self._owners.add(owner_id)
        return await self._run(statement, {"owner": owner_id, "chosen": [*ids], **values}) if ids else 0
