"""Between taxiway.v1.User and its requests, and the schemas; what a request writes is in drafts.py."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator

from service import limits
from service.errors import ResponseTooLarge
from service.etags import make_etag
from service.identity import caller
from service.names import UserName, parse_user, user_name
from service.pagination import PageSize, PageTokens, fill_page
from service.timestamps import fill
from service.users.password_resets import PasswordReset
from service.users.schemas import User, UserDeletion, UserErasure, UserQuery, UserTarget
from service.validation import one, validated
from taxiway.v1 import user_pb2
from taxiway.v1 import user_service_pb2 as pb

_ROLES = dict(user_pb2.User.Role.items())
_STATES = dict(user_pb2.User.State.items())


def _batch(names: list[str]) -> list[str]:
    """Before the names are parsed: to name half a million faults would hold the loop for seconds."""
    if not 1 <= len(names) <= limits.BATCH_ITEMS:
        raise ValueError(f"must have 1 to {limits.BATCH_ITEMS} items, not {len(names)}")
    return names


class _BatchGet(BaseModel):
    names: Annotated[list[UserName], BeforeValidator(_batch)]


class _List(BaseModel):
    page_size: PageSize


def user(value: User) -> user_pb2.User:
    message = user_pb2.User()
    write_user(value, message)
    return message


def write_user(value: User, message: user_pb2.User) -> None:
    message.name = user_name(value.id)
    message.email = value.email or ""
    message.username = value.username
    message.display_name = value.display_name
    message.phone_number = value.phone_number or ""
    message.time_zone = value.time_zone
    message.role = _ROLES[value.role]
    message.state = _STATES[value.state]
    message.scopes.extend(value.scopes)
    message.certificate_uris.extend(value.certificate_uris)
    message.annotations.update(value.annotations)
    message.version = value.version
    message.etag = make_etag(value.version, value.create_time)
    fill(message.create_time, value.create_time)
    fill(message.update_time, value.update_time)
    if value.delete_time is not None and value.purge_time is not None:
        fill(message.delete_time, value.delete_time)
        fill(message.purge_time, value.purge_time)


def user_or_name(value: User | UUID) -> user_pb2.User:
    return user(value) if isinstance(value, User) else user_pb2.User(name=user_name(value))


def key(request: pb.GetUserRequest | pb.ExportUserDataRequest) -> UUID:
    return one("name", parse_user, request.name)


def parent(request: pb.CreatePasswordResetRequest) -> UUID:
    return one("parent", parse_user, request.parent)


def password_reset(value: PasswordReset) -> pb.CreatePasswordResetResponse:
    response = pb.CreatePasswordResetResponse(reset_token=value.token)
    fill(response.expire_time, value.expire_time)
    return response


def keys(request: pb.BatchGetUsersRequest) -> list[UUID]:
    return validated(_BatchGet, {"names": list(request.names)}, request).names


def batch(users: Collection[User]) -> pb.BatchGetUsersResponse:
    """Raises ResponseTooLarge, which says how many of the users fit into one answer."""
    response = pb.BatchGetUsersResponse()
    if fill_page(response.users, [*users], len(users), write_user) is not None:
        fit = len(response.users)
        message = f"The first {fit} of these users fill an answer; ask for them in batches of at most {fit}."
        raise ResponseTooLarge(message, metadata={"fit": str(fit)})
    return response


def target(request: pb.UndeleteUserRequest | pb.SuspendUserRequest | pb.ReactivateUserRequest) -> UserTarget:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return validated(UserTarget, named, request)


def deletion(request: pb.DeleteUserRequest) -> UserDeletion:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return validated(UserDeletion, named | {"allow_missing": request.allow_missing}, request)


def erasure(request: pb.EraseUserRequest) -> UserErasure:
    """A mere validation neither claims its request id nor stores an answer under it."""
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    parsed = validated(UserErasure, named | {"validate_only": request.validate_only}, request)
    return parsed.model_copy(update={"request_id": None}) if parsed.validate_only else parsed


def query(request: pb.ListUsersRequest, tokens: PageTokens) -> UserQuery:
    parsed = validated(_List, {"page_size": request.page_size}, request)
    after = tokens.read(_scope(show_deleted=request.show_deleted), request.page_token)
    return UserQuery(size=parsed.page_size, after=after, show_deleted=request.show_deleted)


def page(asked: UserQuery, tokens: PageTokens, users: list[User]) -> pb.ListUsersResponse:
    response = pb.ListUsersResponse()
    last = fill_page(response.users, users, asked.size, write_user)
    if last is not None:
        response.next_page_token = tokens.make(_scope(show_deleted=asked.show_deleted), last.id)
    return response


def _scope(*, show_deleted: bool) -> bytes:
    return f"ListUsers/1/{caller().id}/{show_deleted}".encode()
