"""The passwords of accounts: read to verify, written as hashes."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from persistence.models import Base
from persistence.repositories.base import Repository

CREDENTIALS = Base.metadata.tables["credentials"]
USERS = Base.metadata.tables["users"]

_GET = select(CREDENTIALS.c.password_hash).where(CREDENTIALS.c.user_id == bindparam("user_id"))
_NEW = insert(CREDENTIALS)
_SET = _NEW.on_conflict_do_update(
    index_elements=["user_id"], set_={"password_hash": _NEW.excluded.password_hash, "updated_at": func.now()}
)
_ADD_MANY = text("""
    INSERT INTO credentials (user_id, password_hash)
    SELECT * FROM unnest(CAST(:user_ids AS uuid[]), CAST(:hashes AS text[]))""")
_DELETE = delete(CREDENTIALS).where(CREDENTIALS.c.user_id == bindparam("of_user"))
_REPLACE = (
    update(CREDENTIALS)
    .where(CREDENTIALS.c.user_id == bindparam("of_user"), CREDENTIALS.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"), updated_at=func.now())
)


def _by_login(key: ColumnElement[Any]) -> Select[Any]:
    c = USERS.c
    return (
        select(c.id, c.username, c.email, c.role, c.state, c.deleted_at, CREDENTIALS.c.password_hash)
        .select_from(USERS)
        .outerjoin(CREDENTIALS, CREDENTIALS.c.user_id == c.id)
        .where(key == bindparam("key"), c.deleted_at.is_(None))
    )


_BY_EMAIL, _BY_USERNAME = _by_login(USERS.c.email_key), _by_login(USERS.c.username_key)


class Credentials(Repository):
    __slots__ = ()

    async def get(self, user_id: UUID) -> str | None:
        """The hash of the account's password; None where it has none."""
        row = await self._one(_GET, {"user_id": user_id})
        return None if row is None else str(row.password_hash)

    async def get_by_login(self, key: str) -> Row[Any] | None:
        """The living account of this `email_key`, where there is an @ in it, else of this `username_key`.

        `password_hash` is NULL where it has no password.
        """
        return await self._one(_BY_EMAIL if "@" in key else _BY_USERNAME, {"key": key})

    async def set(self, user_id: UUID, password_hash: str) -> None:
        """The account's password from now on, whether or not it had one."""
        await self._run(_SET, {"user_id": user_id, "password_hash": password_hash})

    async def replace(self, user_id: UUID, old_hash: str, new_hash: str) -> bool:
        """Writes the new hash only where the old one still stands: a password that changed meanwhile stays."""
        return bool(await self._run(_REPLACE, {"of_user": user_id, "old": old_hash, "new": new_hash}))

    async def add_many(self, hashes: Mapping[UUID, str]) -> None:
        """In one statement, for accounts that have no password yet: id -> hash."""
        if hashes:
            await self._run(_ADD_MANY, {"user_ids": list(hashes), "hashes": list(hashes.values())})

    async def delete(self, user_id: UUID) -> bool:
        """Whether the account had a password; it has none any more."""
        return bool(await self._run(_DELETE, {"of_user": user_id}))
