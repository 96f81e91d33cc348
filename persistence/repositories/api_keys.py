"""API keys: found by the id that their text holds, so that the hash is compared and not searched."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, delete, func, insert, select

from persistence.models import Base
from persistence.repositories.base import Repository, touched

API_KEYS = Base.metadata.tables["api_keys"]
USERS = Base.metadata.tables["users"]
_SHOWN = [column for column in API_KEYS.c if column.name != "token_hash"]

_ADD = insert(API_KEYS).returning(*_SHOWN)
_PRINCIPAL = (
    select(
        API_KEYS.c.user_id,
        API_KEYS.c.token_hash,
        API_KEYS.c.scopes,
        USERS.c.role,
        USERS.c.state,
        USERS.c.deleted_at,
        USERS.c.scopes.label("user_scopes"),
        func.coalesce(API_KEYS.c.expire_at <= func.now(), False).label("expired"),
        func.date_part("epoch", API_KEYS.c.expire_at - func.now()).label("seconds_left"),
    )
    .select_from(API_KEYS.join(USERS, USERS.c.id == API_KEYS.c.user_id))
    .where(API_KEYS.c.id == bindparam("id"))
)
_OF_USER = API_KEYS.c.user_id == bindparam("of_user")
_DELETE = delete(API_KEYS).where(API_KEYS.c.id == bindparam("key_id"), _OF_USER).returning(*_SHOWN)
_DELETE_ALL = delete(API_KEYS).where(_OF_USER)
_TOUCH = touched(API_KEYS)


def _page(*, after: bool) -> Select[Any]:
    statement = select(*_SHOWN).where(_OF_USER)
    if after:
        statement = statement.where(API_KEYS.c.id < bindparam("after"))
    return statement.order_by(API_KEYS.c.user_id.desc(), API_KEYS.c.id.desc()).limit(bindparam("limit"))


_PAGES = {after: _page(after=after) for after in (True, False)}


class ApiKeys(Repository):
    __slots__ = ()

    async def add(  # noqa: PLR0913, PLR0917 - one for each column
        self,
        key_id: UUID,
        user_id: UUID,
        display_name: str,
        token_hash: bytes,
        scopes: Sequence[str],
        actor: UUID,
        expire_at: datetime | None,
    ) -> Row[Any]:
        values = {"id": key_id, "user_id": user_id, "display_name": display_name, "token_hash": token_hash}
        return await self._made(_ADD, {**values, "scopes": list(scopes), "created_by": actor, "expire_at": expire_at})

    async def principal(self, key_id: UUID) -> Row[Any] | None:
        """Who calls with it: `user_id, role, state, deleted_at, user_scopes`, and `token_hash, scopes` of the key.

        `expired` tells whether it has ended; `seconds_left` is NULL where it never ends by itself.
        """
        return await self._one(_PRINCIPAL, {"id": key_id})

    async def list_for_user(self, user_id: UUID, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
        """Newest first, below `after`, at most `limit`, expired ones too; without their hashes."""
        values: dict[str, object] = {"of_user": user_id, "limit": limit}
        if after is not None:
            values["after"] = after
        return await self._all(_PAGES[after is not None], values)

    async def delete(self, user_id: UUID, key_id: UUID) -> Row[Any] | None:
        """The key that is no more; None where the account has none of this id."""
        return await self._one(_DELETE, {"key_id": key_id, "of_user": user_id})

    async def delete_all(self, user_id: UUID) -> int:
        return await self._run(_DELETE_ALL, {"of_user": user_id})

    async def touch(self, ids: Sequence[UUID], moments: Sequence[datetime]) -> int:
        """Writes when each was last used, never an earlier time than it has, nor one to come; answers how many."""
        return await self._run(_TOUCH, {"ids": list(ids), "moments": list(moments)})
