"""The tags in the tasks of an owner, changed in all of them at once.

The row of the tag is held meanwhile: nobody gives it to a task, so those that have it can only become fewer.
"""

from uuid import UUID

from sqlalchemy import TextClause, text

from persistence.repositories.task_sets import MOST, ManyTasks

# Living and deleted tasks are found apart, since each have indexes of their own, which begin with the owner. The inner
# limit is none: PostgreSQL does not look into it, and reads in the order of that index, not all deleted tasks.
_FIND = text(f"""
    SELECT id FROM (
        SELECT id FROM tasks WHERE owner_id = :owner AND tags @> ARRAY[CAST(:old AS text)] AND deleted_at IS NULL
        UNION ALL SELECT id FROM (
            SELECT id, tags FROM tasks WHERE owner_id = :owner AND deleted_at IS NOT NULL
            ORDER BY id LIMIT (SELECT NULL::bigint)
        ) AS deleted WHERE tags @> ARRAY[CAST(:old AS text)]
    ) AS tagged LIMIT {MOST + 1}""")  # noqa: S608 - a constant of ours
_REWRITE = """
    UPDATE tasks SET tags = {tags}, updated_by = :actor
    FROM (
        SELECT id AS held_id FROM tasks
        WHERE owner_id = :owner AND id = ANY(CAST(:chosen AS uuid[])) AND tags @> ARRAY[CAST(:old AS text)]
        ORDER BY id FOR NO KEY UPDATE
    ) AS held
    WHERE owner_id = :owner AND id = held_id"""
_RENAMED = """ARRAY(
        SELECT DISTINCT word FROM unnest(array_replace(tags, CAST(:old AS text), CAST(:new AS text))) AS word
        ORDER BY word)"""
_RENAME = text(_REWRITE.format(tags=_RENAMED))
_REMOVE = text(_REWRITE.format(tags="array_remove(tags, CAST(:old AS text))"))


class TaggedTasks(ManyTasks):
    """Each method answers how many tasks had the tag, deleted ones too."""

    __slots__ = ()

    async def rename(self, owner_id: UUID, old: str, new: str, actor: UUID) -> int:
        """The keys of each task stay sorted."""
        return await self._rewrite(_RENAME, owner_id, actor, old=old, new=new)

    async def remove(self, owner_id: UUID, old: str, actor: UUID) -> int:
        return await self._rewrite(_REMOVE, owner_id, actor, old=old)

    async def _rewrite(self, statement: TextClause, owner_id: UUID, actor: UUID, **keys: str) -> int:
        ids = await self._find(_FIND, owner_id, {"old": keys["old"]})
        return await self._write(statement, owner_id, ids, {"actor": actor, **keys})
