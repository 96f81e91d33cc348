"""The one-time tokens that set a password: one for an account, which a newer one replaces."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, Uuid, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from persistence.models import Base
from persistence.repositories.base import Repository

RESETS = Base.metadata.tables["password_resets"]
USERS = Base.metadata.tables["users"]

_HOLDS = (
    RESETS.c.user_id == bindparam("of_user"),
    RESETS.c.token_hash == bindparam("hash"),
    RESETS.c.expire_at > func.now(),
)
_NEW = {
    "user_id": bindparam("of_user"),
    "token_hash": bindparam("hash"),
    "expire_at": func.now() + bindparam("lifetime", type_=Interval),
    "created_at": func.now(),
    "created_by": bindparam("actor"),
}
_PUT = (
    insert(RESETS)
    .values(_NEW)
    .on_conflict_do_update(index_elements=["user_id"], set_={k: v for k, v in _NEW.items() if k != "user_id"})
    .returning(RESETS.c.expire_at)
)
_ADD_MANY = text("""
    WITH given AS (
        INSERT INTO password_resets (user_id, token_hash, expire_at, created_at, created_by)
        SELECT id, hash, now() + :lifetime, now(), :actor
        FROM unnest(CAST(:user_ids AS uuid[]), CAST(:hashes AS bytea[])) AS given(id, hash))
    SELECT now() + :lifetime AS expire_at""").bindparams(
    bindparam("lifetime", type_=Interval), bindparam("actor", type_=Uuid)
)
_TAKE = delete(RESETS).where(*_HOLDS)
_DELETE = delete(RESETS).where(RESETS.c.user_id == bindparam("of_user"))
_FIND = (
    select(USERS.c.id, USERS.c.username, USERS.c.email, USERS.c.role, USERS.c.state, USERS.c.deleted_at)
    .select_from(RESETS)
    .join(USERS, USERS.c.id == RESETS.c.user_id)
    .where(*_HOLDS)
)


class PasswordResets(Repository):
    __slots__ = ()

    async def put(self, user_id: UUID, token_hash: bytes, lifetime: timedelta, actor: UUID) -> Row[Any]:
        """Answers `expire_at`; a token that the account had before is worth nothing from now on."""
        values = {"of_user": user_id, "hash": token_hash, "lifetime": lifetime, "actor": actor}
        return await self._made(_PUT, values)

    async def take(self, user_id: UUID, token_hash: bytes) -> bool:
        """Whether the token held; it does not hold again. Of two calls at once one gets True."""
        return bool(await self._run(_TAKE, {"of_user": user_id, "hash": token_hash}))

    async def delete(self, user_id: UUID) -> bool:
        """Whether the account had a token, which holds no more."""
        return bool(await self._run(_DELETE, {"of_user": user_id}))

    async def find(self, user_id: UUID, token_hash: bytes) -> Row[Any] | None:
        """Whose token it is: `id, username, email, role, state, deleted_at`. It goes on to hold. None: it does not."""
        return await self._one(_FIND, {"of_user": user_id, "hash": token_hash})

    async def add_many(
        self, user_ids: Sequence[UUID], token_hashes: Sequence[bytes], lifetime: timedelta, actor: UUID
    ) -> datetime:
        """In one statement, for accounts that have no token yet; answers `expire_at`, which is that of all of them."""
        values = {"user_ids": list(user_ids), "hashes": list(token_hashes), "lifetime": lifetime, "actor": actor}
        made: datetime = (await self._made(_ADD_MANY, values)).expire_at
        return made
