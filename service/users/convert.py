"""Between taxiway.v1.User and its requests, and the schemas: the one file that knows both sides."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator

from service import limits
from service.errors import InvalidArgument, ResponseTooLarge
from service.etags import make_etag
from service.fields import composed
from service.identity import caller
from service.masks import Editable, Selection, select
from service.names import UserName, parse_user, user_name
from service.pagination import PageSize, PageTokens, fill_page
from service.timestamps import fill
from service.users.schemas import EDITABLE, User, UserDeletion, UserDraft, UserPatch, UserQuery, UserTarget
from service.validation import one, validated
from taxiway.v1 import user_pb2
from taxiway.v1 import user_service_pb2 as pb

_WRITABLE = Editable(EDITABLE, maps=frozenset({"annotations"}))
_ROLES = dict(user_pb2.User.Role.items())
_ROLE_NAMES: dict[int, str] = {number: name for name, number in _ROLES.items()}


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
    message.time_zone = value.time_zone
    message.role = _ROLES[value.role]
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


def key(request: pb.GetUserRequest) -> UUID:
    return one("name", parse_user, request.name)


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


def draft(request: pb.CreateUserRequest) -> UserDraft:
    named = {"user_id": request.user_id, "request_id": request.request_id}
    return validated(UserDraft, named | _fields(request.user, EDITABLE), request, "user")


def patch(request: pb.UpdateUserRequest) -> UserPatch:
    selected = select(request.user, request.update_mask.paths, _WRITABLE)
    named = {"name": request.user.name, "etag": request.user.etag, "request_id": request.request_id}
    changes = {"annotation_changes": _annotation_changes(request.user, selected)}
    values = named | changes | _fields(request.user, selected.fields)
    parsed = validated(UserPatch, values, request, "user")
    return parsed.model_copy(update=_upsert(request, parsed.name)) if request.allow_missing else parsed


def _upsert(request: pb.UpdateUserRequest, user_id: UUID) -> dict[str, object]:
    """A fault of the draft matters only where there is no such user: it waits until then."""
    try:
        values = {"user_id": str(user_id)} | _fields(request.user, EDITABLE)
        return {"allow_missing": True, "draft": validated(UserDraft, values, request, "user")}
    except InvalidArgument as fault:
        return {"allow_missing": True, "draft_fault": fault}


def _annotation_changes(message: user_pb2.User, selected: Selection) -> dict[str, str | None]:
    """A key that the mask names and the message does not have is removed."""
    given = {composed(key): text for key, text in message.annotations.items()}
    named = sorted(composed(key) for key in selected.keys.get("annotations", ()))
    return {key: given.get(key) for key in named}


def _fields(message: user_pb2.User, selected: frozenset[str]) -> dict[str, object]:
    """The selected fields as a schema takes them; what is not given stands for its default."""
    every: dict[str, object] = {
        "email": message.email,
        "username": message.username,
        "display_name": message.display_name,
        "time_zone": message.time_zone or "UTC",
        "role": _ROLE_NAMES.get(message.role, str(message.role)) if message.role else "USER",
        "annotations": dict(message.annotations),
    }
    return {field: every[field] for field in selected}


def target(request: pb.UndeleteUserRequest) -> UserTarget:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return validated(UserTarget, named, request)


def deletion(request: pb.DeleteUserRequest) -> UserDeletion:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return validated(UserDeletion, named | {"allow_missing": request.allow_missing}, request)


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
