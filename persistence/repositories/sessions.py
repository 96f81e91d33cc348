"""Who is signed in. All lifetimes are measured by the database's clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, delete, func, insert, select, update

from persistence.models import Base
from persistence.repositories.base import Repository, touched

IDLE_LIFETIME = timedelta(days=14)  # from the last refresh
LIFETIME = timedelta(days=90)  # from the sign-in, whatever happens

SESSIONS = Base.metadata.tables["sessions"]
USERS = Base.metadata.tables["users"]
CREDENTIALS = Base.metadata.tables["credentials"]
_SECRET = ("token_hash", "parent_hash", "parent_spent")
_SHOWN = [column for column in SESSIONS.c if column.name not in _SECRET]

_EXPIRED = (func.least(SESSIONS.c.idle_expire_at, SESSIONS.c.expire_at) <= func.now()).label("expired")
_SECONDS_LEFT = func.date_part("epoch", func.least(SESSIONS.c.idle_expire_at, SESSIONS.c.expire_at) - func.now()).label(
    "seconds_left"
)
_WITH_USER = SESSIONS.join(USERS, USERS.c.id == SESSIONS.c.user_id)
_ADD = (
    insert(SESSIONS)
    .values(idle_expire_at=func.now() + IDLE_LIFETIME, expire_at=func.now() + LIFETIME)
    .returning(*_SHOWN)
)
# The rows that let the account in are held, so that whoever suspends it or writes another password, and then ends its
# sessions, either comes first and is seen, or finds this session too.
_BEGIN = (
    insert(SESSIONS)
    .from_select(
        ["id", "user_id", "token_hash", "user_agent", "peer", "idle_expire_at", "expire_at"],
        select(
            bindparam("new_id", type_=SESSIONS.c.id.type),
            USERS.c.id,
            bindparam("hash", type_=SESSIONS.c.token_hash.type),
            bindparam("by_agent", type_=SESSIONS.c.user_agent.type),
            bindparam("from_peer", type_=SESSIONS.c.peer.type),
            func.now() + IDLE_LIFETIME,
            func.now() + LIFETIME,
        )
        .select_from(USERS.join(CREDENTIALS, CREDENTIALS.c.user_id == USERS.c.id))
        .where(
            USERS.c.id == bindparam("of_user"),
            USERS.c.state == "ACTIVE",
            USERS.c.deleted_at.is_(None),
            USERS.c.role != "SERVICE",
            CREDENTIALS.c.password_hash == bindparam("password"),
        )
        .with_for_update(read=True),
    )
    .returning(*_SHOWN)
)
_GET_LOCKED = (
    select(
        *SESSIONS.c,
        USERS.c.state.label("user_state"),
        USERS.c.deleted_at.label("user_deleted_at"),
        USERS.c.role.label("user_role"),
        _EXPIRED,
    )
    .select_from(_WITH_USER)
    .where(SESSIONS.c.id == bindparam("id"))
    .with_for_update(of=SESSIONS)
)
_PRINCIPAL = (
    select(SESSIONS.c.user_id, USERS.c.role, USERS.c.state, USERS.c.deleted_at, _EXPIRED, _SECONDS_LEFT)
    .select_from(_WITH_USER)
    .where(SESSIONS.c.id == bindparam("id"))
)
_ROTATE = (
    update(SESSIONS)
    .where(SESSIONS.c.id == bindparam("of_session"))
    .values(
        token_hash=bindparam("hash"),
        parent_hash=bindparam("parent"),
        parent_spent=bindparam("spent"),
        peer=bindparam("from_peer"),
        user_agent=bindparam("by_agent"),
        last_use_at=func.now(),
        idle_expire_at=func.least(func.now() + IDLE_LIFETIME, SESSIONS.c.expire_at),
    )
    .returning(*_SHOWN)
)
_OF_USER = SESSIONS.c.user_id == bindparam("of_user")
_DELETE = delete(SESSIONS).where(SESSIONS.c.id == bindparam("of_session"), _OF_USER).returning(*_SHOWN)
_DELETE_ALL = delete(SESSIONS).where(_OF_USER)
_DELETE_OTHERS = _DELETE_ALL.where(SESSIONS.c.id != bindparam("but"))
_TOUCH = touched(SESSIONS)


def _page(*, after: bool) -> Select[Any]:
    statement = select(*_SHOWN).where(_OF_USER, SESSIONS.c.idle_expire_at > func.now())
    if after:
        statement = statement.where(SESSIONS.c.id < bindparam("after"))
    return statement.order_by(SESSIONS.c.user_id.desc(), SESSIONS.c.id.desc()).limit(bindparam("limit"))


_PAGES = {after: _page(after=after) for after in (True, False)}


class Sessions(Repository):
    __slots__ = ()

    async def add(self, session_id: UUID, user_id: UUID, token_hash: bytes, user_agent: str, peer: str) -> Row[Any]:
        values = {"id": session_id, "user_id": user_id, "token_hash": token_hash}
        return await self._made(_ADD, {**values, "user_agent": user_agent, "peer": peer})

    async def begin(
        self, session_id: UUID, user_id: UUID, password_hash: str, token_hash: bytes, user_agent: str, peer: str
    ) -> Row[Any] | None:
        """As `add`, for who signs in by a password; None where the account does not let anybody in by it any more."""
        values = {"new_id": session_id, "of_user": user_id, "password": password_hash, "hash": token_hash}
        return await self._one(_BEGIN, {**values, "by_agent": user_agent, "from_peer": peer})

    async def get_locked(self, session_id: UUID) -> Row[Any] | None:
        """With its hashes, beside `user_state`, `user_deleted_at`, `user_role` and `expired`; others wait for it."""
        return await self._one(_GET_LOCKED, {"id": session_id})

    async def rotate(
        self, session_id: UUID, token_hash: bytes, parent_hash: bytes, parent_spent: bool, peer: str, user_agent: str
    ) -> Row[Any]:
        """The session goes on with another token. To be called with the row locked."""
        values = {"of_session": session_id, "hash": token_hash, "parent": parent_hash, "spent": parent_spent}
        return await self._made(_ROTATE, {**values, "from_peer": peer, "by_agent": user_agent})

    async def principal(self, session_id: UUID) -> Row[Any] | None:
        """Who calls with it: `user_id, role, state, deleted_at`, whether it has `expired`, else the `seconds_left`."""
        return await self._one(_PRINCIPAL, {"id": session_id})

    async def list_for_user(self, user_id: UUID, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
        """Those that have not ended, newest first, below `after`, at most `limit`; without their hashes."""
        values: dict[str, object] = {"of_user": user_id, "limit": limit}
        if after is not None:
            values["after"] = after
        return await self._all(_PAGES[after is not None], values)

    async def delete(self, user_id: UUID, session_id: UUID) -> Row[Any] | None:
        """The session that ended; None where the account has none of this id."""
        return await self._one(_DELETE, {"of_session": session_id, "of_user": user_id})

    async def delete_all(self, user_id: UUID, but: UUID | None) -> int:
        """Ends all sessions of the account, or all but one; answers how many."""
        if but is None:
            return await self._run(_DELETE_ALL, {"of_user": user_id})
        return await self._run(_DELETE_OTHERS, {"of_user": user_id, "but": but})

    async def touch(self, ids: Sequence[UUID], moments: Sequence[datetime]) -> int:
        """Writes when each was last used, never an earlier time than it has, nor one to come; answers how many."""
        return await self._run(_TOUCH, {"ids": list(ids), "moments": list(moments)})
