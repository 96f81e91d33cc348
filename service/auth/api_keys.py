"""What can be done with API keys, which accounts of role SERVICE call with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from persistence.unit_of_work import UnitOfWork
from service.auth.schemas import ApiKey, ApiKeyDraft, ApiKeyTarget, OwnedQuery
from service.auth.usecases import owned_page, parent_not_found
from service.credentials import opaque_tokens
from service.errors import NotAService, NotFound, OwnerDeleted, ResourceRef, Violation, invalid
from service.identifiers import new_id
from service.identity import Caller, current_method
from service.names import API_KEY_TYPE, USER_TYPE, api_key_name, user_name


@dataclass(frozen=True, slots=True)
class NewSecret:
    """The id of a key to be made, its text to answer once, and the digest to keep."""

    key_id: UUID
    text: str = field(repr=False)
    digest: bytes = field(repr=False)


def new_secret() -> NewSecret:
    key_id, secret = new_id(), secrets.token_bytes(opaque_tokens.SECRET_BYTES["twk_"])
    return NewSecret(key_id, opaque_tokens.make("twk_", key_id, secret), opaque_tokens.digest(secret))


async def create_api_key(uow: UnitOfWork, caller: Caller, command: tuple[ApiKeyDraft, NewSecret]) -> ApiKey:
    """The account is locked: its role and scopes stay as they are seen until the key is there."""
    draft, secret = command
    await _require_service(uow, draft)
    row = await uow.api_keys.add(
        secret.key_id,
        draft.parent,
        draft.display_name,
        secret.digest,
        draft.scopes,
        caller.id,
        draft.expire_time,
    )
    await uow.audit.add("API_KEY_CREATED", caller.id, draft.parent, secret.key_id, method=current_method())
    return ApiKey.of(row)


async def _require_service(uow: UnitOfWork, draft: ApiKeyDraft) -> None:
    """Raises ParentNotFound, OwnerDeleted, NotAService, and InvalidArgument for a scope that is none of its own."""
    row = await uow.users.get_locked(draft.parent)
    resource = ResourceRef(USER_TYPE, user_name(draft.parent))
    if row is None:
        raise parent_not_found(draft.parent)
    if row.deleted_at is not None:
        raise OwnerDeleted("The account is deleted; UndeleteUser restores it until its purge_time.", resource=resource)
    if row.role != "SERVICE":
        raise NotAService("API keys are for accounts of role SERVICE; people sign in.", resource=resource)
    if not set(draft.scopes) <= set(row.scopes):
        raise invalid([Violation("api_key.scopes", "must be scopes of the account; UpdateUser gives it more")])


async def list_api_keys(uow: UnitOfWork, _caller: Caller, query: OwnedQuery) -> list[ApiKey]:
    """One key more than the page holds, where there is more."""
    return ApiKey.of_all(await owned_page(uow, uow.api_keys.list_for_user, query))


async def revoke_api_key(uow: UnitOfWork, caller: Caller, target: ApiKeyTarget) -> None:
    user_id, key_id = target.name
    if await uow.api_keys.delete(user_id, key_id) is None:
        resource = ResourceRef(API_KEY_TYPE, api_key_name(user_id, key_id))
        raise NotFound("There is no such API key, or it is revoked already.", resource=resource)
    await uow.audit.add("API_KEY_REVOKED", caller.id, user_id, key_id, method=current_method())
