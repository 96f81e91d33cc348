"""Requests that write fields of a user, into drafts and patches; what only an administrator writes is refused."""

from collections.abc import Collection
from uuid import UUID

from service.access import restricted
from service.errors import InvalidArgument, PermissionDenied
from service.fields import composed
from service.identity import caller
from service.masks import Editable, Selection, select
from service.users.schemas import EDITABLE, UserDraft, UserPatch
from service.validation import validated
from taxiway.v1 import user_pb2
from taxiway.v1 import user_service_pb2 as pb

_WRITABLE = Editable(EDITABLE, maps=frozenset({"annotations"}))
_ROLE_NAMES: dict[int, str] = {number: name for name, number in user_pb2.User.Role.items()}


def draft(request: pb.CreateUserRequest) -> UserDraft:
    """Raises PermissionDenied where the caller may not make such a user, InvalidArgument."""
    _leaves_defaults(request.user)
    named = {"user_id": request.user_id} | _asked(request)
    return validated(UserDraft, named | fields(request.user, EDITABLE), request, "user")


def patch(request: pb.UpdateUserRequest) -> UserPatch:
    """Raises PermissionDenied where it writes what the caller may not, InvalidArgument."""
    selected = _selected(request.user, request.update_mask.paths)
    if request.allow_missing:
        _leaves_defaults(request.user)
    named = {"name": request.user.name, "etag": request.user.etag} | _asked(request)
    changes = {"annotation_changes": _annotation_changes(request.user, selected)}
    values = named | changes | fields(request.user, selected.fields)
    parsed = validated(UserPatch, values, request, "user")
    return parsed.model_copy(update=_upsert(request, parsed.name)) if request.allow_missing else parsed


def _asked(request: pb.CreateUserRequest | pb.UpdateUserRequest) -> dict[str, object]:
    return {"request_id": request.request_id, "validate_only": request.validate_only}


def _withheld() -> frozenset[str]:
    """The fields that the caller may not write."""
    return frozenset() if caller().role == "ADMIN" else restricted(user_pb2.User.DESCRIPTOR)


def _leaves_defaults(message: user_pb2.User) -> None:
    """Whoever may not write a field may send its default all the same. Raises PermissionDenied."""
    withheld = _withheld()
    if fields(message, withheld) != fields(user_pb2.User(), withheld):
        raise PermissionDenied


def _selected(message: user_pb2.User, paths: Collection[str]) -> Selection:
    """`*` stands for all that the caller may write. Raises PermissionDenied, InvalidArgument."""
    withheld = _withheld()
    if list(paths) == ["*"]:
        _leaves_defaults(message)
        return Selection(EDITABLE - withheld, {})
    selected = select(message, paths, _WRITABLE)
    if withheld & (selected.fields | selected.keys.keys()):
        raise PermissionDenied
    return selected


def _upsert(request: pb.UpdateUserRequest, user_id: UUID) -> dict[str, object]:
    """A fault of the draft matters only where there is no such user: it waits until then."""
    try:
        values = {"user_id": str(user_id)} | fields(request.user, EDITABLE)
        return {"allow_missing": True, "draft": validated(UserDraft, values, request, "user")}
    except InvalidArgument as fault:
        return {"allow_missing": True, "draft_fault": fault}


def _annotation_changes(message: user_pb2.User, selected: Selection) -> dict[str, str | None]:
    """A key that the mask names and the message does not have is removed."""
    given = {composed(key): text for key, text in message.annotations.items()}
    named = sorted(composed(key) for key in selected.keys.get("annotations", ()))
    return {key: given.get(key) for key in named}


def fields(message: user_pb2.User, selected: frozenset[str]) -> dict[str, object]:
    """The selected fields as a schema takes them; what is not given stands for its default."""
    every: dict[str, object] = {
        "email": message.email,
        "username": message.username,
        "display_name": message.display_name,
        "phone_number": message.phone_number,
        "time_zone": message.time_zone or "UTC",
        "role": _ROLE_NAMES.get(message.role, str(message.role)) if message.role else "USER",
        "scopes": list(message.scopes),
        "certificate_uris": list(message.certificate_uris),
        "annotations": dict(message.annotations),
    }
    return {field: every[field] for field in selected}
