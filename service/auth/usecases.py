"""What can be done with sessions. Returning commits, raising rolls back; what must be kept is refused by returning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any
from uuid import UUID

from persistence.unit_of_work import UnitOfWork
from service.auth.schemas import OwnedQuery, Session, SessionTarget
from service.credentials.opaque_tokens import RefreshToken, digest
from service.errors import NoSession, NotFound, ParentNotFound, ResourceRef, Unauthenticated
from service.fields import Command
from service.identity import Caller, current_method, current_source, current_user_agent
from service.names import SESSION_TYPE, USER_TYPE, session_name, user_name

FindOwned = Callable[[UUID, UUID | None, int], Awaitable[Sequence[Any]]]  # of whom, after which, at most


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token that came, the digest of the one to take its place, and `Attempts.pair` of its account."""

    token: RefreshToken
    successor: bytes = field(repr=False)
    pair: Callable[[UUID], bytes] = field(repr=False)


async def refresh_session(uow: UnitOfWork, caller: Caller, refresh: Refresh) -> Session | None:
    """None, recorded, for one that was used up: it ends the session, as somebody has a copy of it.

    Raises Unauthenticated where the token does not hold. One that does is as good as a sign-in: from there the owner
    is not held up by those who guess elsewhere.
    """
    token, given = refresh.token, digest(refresh.token.secret)
    row = await uow.sessions.get_locked(token.session_id)
    if row is None or row.expired or row.user_deleted_at is not None:
        raise Unauthenticated
    if row.user_state != "ACTIVE" or row.user_role == "SERVICE":
        raise Unauthenticated
    newest = compare_digest(given, row.token_hash)
    lost = row.parent_hash is not None and not row.parent_spent and compare_digest(given, row.parent_hash)
    if newest or lost:
        origin = {"peer": current_source(), "user_agent": current_user_agent()}
        parent = row.token_hash if newest else row.parent_hash
        session = await uow.sessions.rotate(row.id, refresh.successor, parent, parent_spent=lost, **origin)
        await uow.attempts.remember(refresh.pair(row.user_id))
        return Session.of(session)
    if not token.genuine:  # anybody may guess, and ends nobody's session by it
        raise Unauthenticated
    await uow.sessions.delete(row.user_id, row.id)
    await uow.audit.add("REFRESH_TOKEN_REUSED", None, row.user_id, row.id, method=current_method())
    return None


async def sign_out(uow: UnitOfWork, caller: Caller, _command: Command) -> None:
    """A session that another call ended meanwhile is no fault: it has ended."""
    if caller.session_id is None:
        resource = ResourceRef(USER_TYPE, user_name(caller.id))
        raise NoSession("The call came with an API key or a certificate: it has no session to end.", resource=resource)
    if await uow.sessions.delete(caller.id, caller.session_id) is not None:
        await uow.audit.add("SIGN_OUT", caller.id, caller.id, caller.session_id, method=current_method())


async def list_sessions(uow: UnitOfWork, caller: Caller, query: OwnedQuery) -> list[Session]:
    """One session more than the page holds, where there is more."""
    return Session.of_all(await owned_page(uow, uow.sessions.list_for_user, query))


async def revoke_session(uow: UnitOfWork, caller: Caller, target: SessionTarget) -> None:
    user_id, session_id = target.name
    if await uow.sessions.delete(user_id, session_id) is None:
        resource = ResourceRef(SESSION_TYPE, session_name(user_id, session_id))
        raise NotFound("There is no such session, or it has ended already.", resource=resource)
    await uow.audit.add("SESSION_REVOKED", caller.id, user_id, session_id, method=current_method())


async def owned_page(uow: UnitOfWork, find: FindOwned, query: OwnedQuery) -> Sequence[Any]:
    """One row more than the page holds, where there is more.

    Raises ParentNotFound; a deleted user is there until it is purged.
    """
    rows = await find(query.parent, query.after, query.size + 1)
    if not rows and await uow.users.get(query.parent) is None:
        raise parent_not_found(query.parent)
    return rows


def parent_not_found(user_id: UUID) -> ParentNotFound:
    return ParentNotFound("There is no such user.", resource=ResourceRef(USER_TYPE, user_name(user_id)))
