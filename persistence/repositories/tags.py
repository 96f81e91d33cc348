"""How the tags of an owner are written. Each method takes the owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Text, Uuid, any_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from persistence.models import UserRow
from persistence.repositories.base import Repository
from persistence.repositories.tag_counts import COLUMNS, TAGS, page_of, task_count

USERS = UserRow.metadata.tables["users"]
Key = tuple[UUID, UUID]  # the owner's id, and the tag's
_KEYS = ARRAY(Text(collation="C"))

_HOLD = (
    select(TAGS.c.key)
    .where(TAGS.c.owner_id == bindparam("owner_id"), TAGS.c.key == any_(bindparam("keys", type_=_KEYS)))
    .order_by(TAGS.c.key)
    .with_for_update(read=True)
)
_NEW = (
    func.unnest(bindparam("ids", type_=ARRAY(Uuid)), bindparam("keys", type_=_KEYS), bindparam("names", type_=_KEYS))
    .table_valued("id", "key", "display_name")
    .render_derived()
)
_ADD = (
    insert(TAGS)
    .from_select(
        ["owner_id", "id", "key", "display_name", "created_by", "updated_by"],
        select(USERS.c.id, _NEW.c.id, _NEW.c.key, _NEW.c.display_name, bindparam("actor"), bindparam("actor"))
        .join_from(USERS, _NEW, USERS.c.id == bindparam("owner_id"))
        .order_by(_NEW.c.key),
    )
    .on_conflict_do_nothing(index_elements=["owner_id", "key"])
    .returning(TAGS.c.key)
)
_ROUNDS = 3


_COUNT = task_count(TAGS)
_KEY = (TAGS.c.owner_id == bindparam("key_owner_id"), TAGS.c.id == bindparam("key_id"))
_GET = select(*COLUMNS, _COUNT).where(*_KEY)
_GET_LOCKED = (
    select(*COLUMNS, USERS.c.deleted_at.label("owner_deleted_at"))
    .join_from(TAGS, USERS, USERS.c.id == TAGS.c.owner_id)
    .where(*_KEY)
    .with_for_update(of=TAGS)
)
_DELETE = delete(TAGS).where(*_KEY)


@lru_cache(maxsize=8)
def _change(names: tuple[str, ...]) -> ReturningUpdate[Any]:
    values: dict[str, Any] = {name: bindparam(f"set_{name}") for name in names}
    return update(TAGS).where(*_KEY).values(values).returning(*COLUMNS, _COUNT)


@dataclass(frozen=True, slots=True)
class NewTag:
    """A tag as it is made where there is none of its key."""

    id: UUID
    key: str
    display_name: str


class Tags(Repository):
    """Whose tags it writes it notes in `owners`."""

    __slots__ = ("_owners",)

    def __init__(self, connection: AsyncConnection, owners: set[UUID]) -> None:
        super().__init__(connection)
        self._owners = owners

    async def hold(self, owner_id: UUID, actor: UUID, tags: Sequence[NewTag]) -> bool:
        """The tags of these keys are there, and stay as they are until COMMIT: whoever would rename one waits.

        False where they could not be made: there is no such owner, or others took them away again and again.
        Raises LockTimeout.
        """
        missing = {tag.key: tag for tag in tags}
        for _ in range(_ROUNDS):
            for row in await self._all(_HOLD, {"owner_id": owner_id, "keys": sorted(missing)}):
                del missing[row.key]
            if missing:  # what another unit makes meanwhile is waited for, and held in the next round
                for key in await self._add(owner_id, actor, list(missing.values())):
                    del missing[key]
            if not missing:
                return True
        return False

    async def _add(self, owner_id: UUID, actor: UUID, tags: Sequence[NewTag]) -> list[str]:
        self._owners.add(owner_id)
        values = {"ids": [t.id for t in tags], "keys": [t.key for t in tags], "names": [t.display_name for t in tags]}
        return [row.key for row in await self._all(_ADD, {"owner_id": owner_id, "actor": actor, **values})]

    async def page(self, owner_id: UUID, after: str | None, limit: int) -> Sequence[Row[Any]]:
        """In order of the keys, those behind `after`, each with `task_count`: how many living tasks have it."""
        values: dict[str, object] = {"owner_id": owner_id, "limit": limit}
        statement = page_of(limit, after=after is not None)
        return await self._all(statement, values if after is None else {**values, "after": after})

    async def get(self, key: Key) -> Row[Any] | None:
        """The tag with its `task_count`."""
        return await self._one(_GET, _named(key))

    async def get_locked(self, key: Key) -> Row[Any] | None:
        """The tag beside `owner_deleted_at`; until COMMIT no task gets or loses it elsewhere. Raises LockTimeout."""
        return await self._one(_GET_LOCKED, _named(key))

    async def change(self, key: Key, actor: UUID, columns: Mapping[str, object]) -> Row[Any]:
        """The tag with its `task_count`; it is there, since it is held. Raises UniqueViolation where the key is."""
        self._owners.add(key[0])
        written = {**columns, "updated_by": actor}
        values = {f"set_{name}": value for name, value in written.items()}
        return await self._made(_change(tuple(written)), {**_named(key), **values})

    async def delete(self, key: Key) -> None:
        self._owners.add(key[0])
        await self._run(_DELETE, _named(key))


def _named(key: Key) -> dict[str, object]:
    return {"key_owner_id": key[0], "key_id": key[1]}
