"""Between taxiway.v1.User and its requests, and the schemas; what a request writes is in drafts.py."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator

from service import limits
from service.errors import ResponseTooLarge
from service.etags import make_etag
from service.names import UserName, parse_user, user_name
from service.pagination import fill_page
from service.timestamps import fill
from service.users.password_resets import PasswordReset
from service.users.schemas import PasswordResetDraft, User, UserDeletion, UserDraft, UserTarget
from service.validation import one, validated
from taxiway.v1 import user_pb2
from taxiway.v1 import user_service_pb2 as pb

TargetRequest = pb.UndeleteUserRequest | pb.SuspendUserRequest | pb.ReactivateUserRequest | pb.EraseUserRequest
_ROLES = dict(user_pb2.User.Role.items())
_STATES = dict(user_pb2.User.State.items())


def _batch(names: list[str]) -> list[str]:
    """Before the names are parsed: to name half a million faults would hold the loop for seconds."""
    if not 1 <= len(names) <= limits.BATCH_ITEMS:
        raise ValueError(f"must have 1 to {limits.BATCH_ITEMS} items, not {len(names)}")
    return names


class _BatchGet(BaseModel):
    names: Annotated[list[UserName], BeforeValidator(_batch)]


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


def created(asked: UserDraft, value: User) -> user_pb2.User:
    """The user that was made; a dry run does not answer an id that only it had."""
    message = user(value)
    if asked.validate_only and asked.user_id is None:
        message.ClearField("name")
    return message


def user_or_name(value: User | UUID) -> user_pb2.User:
    return user(value) if isinstance(value, User) else user_pb2.User(name=user_name(value))


def key(request: pb.GetUserRequest | pb.ExportUserDataRequest) -> UUID:
    return one("name", parse_user, request.name)


def password_reset_draft(request: pb.CreatePasswordResetRequest) -> PasswordResetDraft:
    values = {"parent": request.parent, "validate_only": request.validate_only}
    return validated(PasswordResetDraft, values, request)


def password_reset(asked: PasswordResetDraft, value: PasswordReset) -> pb.CreatePasswordResetResponse:
    """A dry run answers no token: it holds for nothing."""
    response = pb.CreatePasswordResetResponse(reset_token="" if asked.validate_only else value.token)
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


def target(request: TargetRequest) -> UserTarget:
    return validated(UserTarget, _target(request), request)


def deletion(request: pb.DeleteUserRequest) -> UserDeletion:
    return validated(UserDeletion, _target(request) | {"allow_missing": request.allow_missing}, request)


def _target(request: TargetRequest | pb.DeleteUserRequest) -> dict[str, object]:
    named = {"name": request.name, "etag": request.etag}
    return named | {"request_id": request.request_id, "validate_only": request.validate_only}
