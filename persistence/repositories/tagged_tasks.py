"""The tags in the tasks of an owner, changed in all of them at once. The row of the tag is held meanwhile."""

from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.base import Repository

# Living and deleted tasks are found apart, since each have indexes of their own, which begin with the owner. The limit
# is none: PostgreSQL does not look into it, and reads in the order of that index, not all deleted tasks there are. Rows
# are locked in order of id before any is written, as every unit does; what they have then is looked at again.
_REWRITE = """
    UPDATE tasks SET tags = {tags}, updated_by = :actor
    FROM (
        SELECT id AS chosen FROM tasks WHERE owner_id = :owner_id AND tags @> ARRAY[CAST(:old AS text)] AND id IN (
            SELECT id FROM tasks
            WHERE owner_id = :owner_id AND tags @> ARRAY[CAST(:old AS text)] AND deleted_at IS NULL
            UNION ALL SELECT id FROM (
                SELECT id, tags FROM tasks WHERE owner_id = :owner_id AND deleted_at IS NOT NULL
                ORDER BY id LIMIT (SELECT NULL::bigint)
            ) AS deleted WHERE tags @> ARRAY[CAST(:old AS text)]
        ) ORDER BY id FOR NO KEY UPDATE
    ) AS held
    WHERE owner_id = :owner_id AND id = chosen"""
_RENAMED = """ARRAY(
        SELECT DISTINCT word FROM unnest(array_replace(tags, CAST(:old AS text), CAST(:new AS text))) AS word
        ORDER BY word)"""
_RENAME = text(_REWRITE.format(tags=_RENAMED))
_REMOVE = text(_REWRITE.format(tags="array_remove(tags, CAST(:old AS text))"))


class TaggedTasks(Repository):
    """Whose tasks it writes it notes in `owners`. Each method answers how many tasks had the tag, deleted ones too."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def rename(self, owner_id: UUID, old: str, new: str, actor: UUID) -> int:
        """The keys of each task stay sorted."""
        return await self._rewrite(_RENAME, owner_id, actor, old=old, new=new)

    async def remove(self, owner_id: UUID, old: str, actor: UUID) -> int:
        return await self._rewrite(_REMOVE, owner_id, actor, old=old)

    async def _rewrite(self, statement: TextClause, owner_id: UUID, actor: UUID, **keys: str) -> int:
        self._owners.add(owner_id)
        return await self._run(statement, {"owner_id": owner_id, "actor": actor, **keys})
