"""Between the messages of ImportUsers and the users to import, and the answers of its messages added up."""

from service import limits
from service.credentials import existing_hashes
from service.errors import InvalidArgument, Violation, invalid
from service.names import user_name
from service.timestamps import fill
from service.users.drafts import fields
from service.users.importing import FAILURES, RESETS, ImportBatch, Imported, ImportedUser, ImportFailure
from service.users.schemas import EDITABLE, UserDraft
from service.validation import validated
from taxiway.v1 import user_service_pb2 as pb


def batch(request: pb.ImportUsersRequest, so_far: pb.ImportUsersResponse) -> ImportBatch:
    """Raises InvalidArgument for a message of no users or of too many; a fault of one user is that user's alone."""
    if not 1 <= len(request.users) <= limits.BATCH_ITEMS:
        raise invalid([Violation("users", f"must have 1 to {limits.BATCH_ITEMS} items, not {len(request.users)}")])
    users, failures = [], []
    for place, given in enumerate(request.users, so_far.created + so_far.failed):
        try:
            users.append(_user(place, given))
        except InvalidArgument as fault:
            first = fault.violations[0]
            failures.append(ImportFailure(place, fault.reason, first.field, first.description))
    return ImportBatch(users, failures, RESETS - len(so_far.resets))


def _user(place: int, given: pb.UserImport) -> ImportedUser:
    draft = validated(UserDraft, {"user_id": given.user_id} | fields(given.user, EDITABLE), given, "user")
    if draft.role == "SERVICE" and given.password_hash:
        raise invalid([Violation("password_hash", "must be empty for a SERVICE, which has no password")])
    usable = given.password_hash and existing_hashes.fault(given.password_hash) is None
    return ImportedUser(place, draft, given.password_hash if usable else None)


def answer(request: pb.ImportUsersRequest, imported: Imported) -> pb.ImportUsersResponse:
    """Of this message alone; a dry run answers no token, and no id that only it had."""
    response = pb.ImportUsersResponse(created=imported.created, failed=len(imported.failures))
    for failure in imported.failures:
        response.failures.add(place=failure.place, reason=failure.reason, field=failure.field, message=failure.message)
    for reset in imported.resets:
        message = response.resets.add(user=user_name(reset.user_id), reset_token=reset.token)
        fill(message.expire_time, reset.expire_time)
    if request.validate_only:
        _withhold(request, response)
    return response


def _withhold(request: pb.ImportUsersRequest, response: pb.ImportUsersResponse) -> None:
    given = {f"users/{row.user_id}" for row in request.users}
    for reset in response.resets:
        reset.ClearField("reset_token")
        if reset.user not in given:
            reset.ClearField("user")


def add(more: bytes, total: pb.ImportUsersResponse) -> None:
    """Adds the encoded answer of one message to that of the stream."""
    answered = pb.ImportUsersResponse.FromString(more)
    total.created += answered.created
    total.failed += answered.failed
    total.failures.extend(answered.failures[: FAILURES - len(total.failures)])
    total.resets.extend(answered.resets)
