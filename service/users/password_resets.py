"""One-time tokens with which the holder of an account sets its password: nobody else ever chooses it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from persistence.unit_of_work import UnitOfWork
from service.credentials import opaque_tokens
from service.errors import Violation, invalid
from service.identity import Caller
from service.users.auditing import note
from service.users.refusals import parent_deleted, parent_not_found
from service.users.schemas import PasswordResetDraft

FIRST = timedelta(days=3)  # an account that has no password yet
AGAIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """A token, which is not kept, and the moment when it ends."""

    user_id: UUID
    token: str = field(repr=False)
    expire_time: datetime


async def create_password_reset(uow: UnitOfWork, caller: Caller, draft: PasswordResetDraft) -> PasswordReset:
    """Raises ParentNotFound, OwnerDeleted, and InvalidArgument for an account of role SERVICE."""
    user_id = draft.parent
    row = await uow.users.get_locked(user_id)
    if row is None:
        raise parent_not_found(user_id)
    if row.deleted_at is not None:
        raise parent_deleted(user_id)
    if row.role == "SERVICE":
        raise invalid([Violation("parent", "is an account of role SERVICE, which has no password")])
    known = await uow.credentials.get(user_id)
    reset = await put_password_reset(uow, caller.id, user_id, FIRST if known is None else AGAIN)
    await note(uow, caller, "PASSWORD_RESET_CREATED", user_id)
    return reset


async def put_password_reset(uow: UnitOfWork, actor: UUID, user_id: UUID, lifetime: timedelta = FIRST) -> PasswordReset:
    """A new token in place of the one that was made before."""
    token, digest = _new_token(user_id)
    row = await uow.password_resets.put(user_id, digest, lifetime, actor)
    return PasswordReset(user_id, token, row.expire_at)


async def add_first_resets(uow: UnitOfWork, actor: UUID, user_ids: Sequence[UUID]) -> list[PasswordReset]:
    """In one statement, for accounts that have no password and no token yet; in the order of the ids."""
    if not user_ids:
        return []
    tokens, digests = zip(*map(_new_token, user_ids), strict=True)
    expire_time = await uow.password_resets.add_many(user_ids, digests, FIRST, actor)
    return [PasswordReset(user_id, token, expire_time) for user_id, token in zip(user_ids, tokens, strict=True)]


def _new_token(user_id: UUID) -> tuple[str, bytes]:
    """Its text, which is answered once, and the digest to keep."""
    secret = os.urandom(opaque_tokens.SECRET_BYTES["twp_"])
    return opaque_tokens.make("twp_", user_id, secret), opaque_tokens.digest(secret)
