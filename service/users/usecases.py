"""What can be done with users, of what every resource has. Returning commits, raising rolls back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from persistence.errors import SerializationLost, UniqueViolation
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from service.errors import AlreadyExists, NotFound, ResourceDeleted, Violation, invalid
from service.etags import parse_etag
from service.identifiers import new_id
from service.identity import Caller
from service.standing import why_not
from service.users.auditing import note
from service.users.refusals import field_taken, not_found, ref, require_writer, taken, unfit, why
from service.users.schemas import OF_SERVICES, User, UserDeletion, UserDraft, UserPage, UserPatch, UserQuery, UserTarget
from service.users.suspension import end_access

_ACCESS = OF_SERVICES | {"role"}  # the columns that say what an account may do


async def create_user(uow: UnitOfWork, caller: Caller, draft: UserDraft) -> User:
    row = await add_user(uow, caller, draft)
    await note(uow, caller, "USER_CREATED", row.id)
    return User.of(row)


async def add_user(uow: UnitOfWork, caller: Caller, draft: UserDraft) -> Any:
    """The row of a new account. Raises AlreadyExists."""
    user_id = draft.user_id or new_id()
    try:
        row = await uow.users.add(user_id, caller.id, draft.columns())
    except UniqueViolation as violation:
        raise taken(violation, user_id) from None
    await _only_holder(uow, row)
    return row


async def get_user(uow: UnitOfWork, caller: Caller, user_id: UUID) -> User:
    row = await uow.users.get(user_id)
    if row is None:
        raise not_found(user_id)
    return User.of(row)


async def batch_get_users(uow: UnitOfWork, caller: Caller, user_ids: Sequence[UUID]) -> list[User]:
    """In the order asked, all or nothing; deleted ones too, as GetUser."""
    rows = await uow.users.get_many(user_ids)
    for place, user_id in enumerate(user_ids):
        if user_id not in rows:
            raise not_found(user_id, f"names[{place}]: there is no such user.")
    return User.of_all([rows[user_id] for user_id in user_ids])


async def list_users(uow: UnitOfWork, caller: Caller, query: UserQuery) -> UserPage:
    found = await uow.user_pages.page(query.asked)
    return UserPage(User.of_all(found.rows), found.stopped)


async def update_user(uow: UnitOfWork, caller: Caller, patch: UserPatch) -> User:
    """The row is read first, and locked: what it may become depends on what it is, the audit log on what changed."""
    before = await uow.users.get_locked(patch.name)
    if before is None:
        return await _upsert(uow, caller, patch)
    require_writer(caller, before)
    guard, columns = Guard(version=parse_etag(patch.etag)), patch.columns() | _merged(patch, before)
    amiss = why_not(before, guard, ref(patch.name), "user") or unfit(before, columns)
    if amiss is not None:
        raise amiss
    row = await _change(uow, caller, patch.name, columns, guard)
    if "certificate_uris" in columns:
        await _only_holder(uow, row)
    await _end_former_access(uow, before.role, row)
    await _note_update(uow, caller, before, row)
    return User.of(row)


async def _upsert(uow: UnitOfWork, caller: Caller, patch: UserPatch) -> User:
    if patch.draft is None:
        raise patch.draft_fault or not_found(patch.name)
    try:
        return await create_user(uow, caller, patch.draft)
    except AlreadyExists as conflict:
        if conflict.metadata["field"] != "id":
            raise
        raise SerializationLost("another call made the user") from conflict  # the unit runs again and updates it


def _merged(patch: UserPatch, before: Any) -> dict[str, object]:
    """Single annotations are merged into those that are there."""
    if not patch.annotation_changes:
        return {}
    try:
        return {"annotations": patch.merged(before.annotations)}
    except ValueError as fault:
        raise invalid([Violation("user.annotations", str(fault))]) from None


async def _end_former_access(uow: UnitOfWork, former_role: str, row: Any) -> None:
    """People and services are let in by different things: none of the former role's comes back with that role."""
    if (former_role == "SERVICE") == (row.role == "SERVICE"):
        return
    await end_access(uow, row.id)
    await uow.credentials.delete(row.id)  # a SERVICE has no password, and had none


async def _note_update(uow: UnitOfWork, caller: Caller, before: Any, after: Any) -> None:
    if after.version == before.version:
        return
    await note(uow, caller, "USER_UPDATED", after.id)
    if any(getattr(before, column) != getattr(after, column) for column in _ACCESS):
        await note(uow, caller, "USER_ROLE_CHANGED", after.id)


async def delete_user(uow: UnitOfWork, caller: Caller, deletion: UserDeletion) -> User | UUID:
    """Leaves the tasks. With `allow_missing` a deleted user is answered as it is, and an unknown one as its id."""
    guard = Guard(version=parse_etag(deletion.etag))
    columns = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
    row = await uow.users.change(deletion.name, caller.id, columns, guard)
    if row is not None:
        require_writer(caller, row)
        await end_access(uow, row.id)
        await note(uow, caller, "USER_DELETED", row.id)
        return User.of(row)
    reason = await why(uow, caller, deletion.name, guard)
    if isinstance(reason, ResourceDeleted):
        reason = not_found(deletion.name, "The user is deleted already; UndeleteUser restores it until its purge_time.")
    if not deletion.allow_missing or not isinstance(reason, NotFound):
        raise reason
    gone = await uow.users.get(deletion.name)
    if gone is not None and gone.deleted_at is None:
        raise SerializationLost("the user came back between two statements")
    return deletion.name if gone is None else User.of(gone)


async def undelete_user(uow: UnitOfWork, caller: Caller, target: UserTarget) -> User:
    guard = Guard(deleted=True, version=parse_etag(target.etag))
    row = await _change(uow, caller, target.name, {"deleted_at": None, "purge_at": None}, guard)
    require_writer(caller, row)
    await _only_holder(uow, row)
    await note(uow, caller, "USER_UNDELETED", row.id)
    return User.of(row)


async def _change(uow: UnitOfWork, caller: Caller, user_id: UUID, columns: dict[str, object], guard: Guard) -> Any:
    try:
        row = await uow.users.change(user_id, caller.id, columns, guard)
    except UniqueViolation as violation:
        raise taken(violation, user_id) from None
    if row is None:
        raise await why(uow, caller, user_id, guard)
    return row


async def _only_holder(uow: UnitOfWork, row: Any) -> None:
    """Raises AlreadyExists where another living account has one of the row's certificates.

    After the write, with a lock that is held until COMMIT: of two that write the same one the second sees the first.
    """
    if not row.certificate_uris:
        return
    await uow.users.lock_certificates()
    holders = await uow.users.find_by_certificate(row.certificate_uris)
    if any(holder.id != row.id for holder in holders):
        raise field_taken("certificate_uris", row.id)
