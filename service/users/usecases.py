"""What can be done with users. Returning commits, raising rolls back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from persistence.errors import CheckViolation, SerializationLost, UniqueViolation
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from service.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    ResourceDeleted,
    ResourceRef,
    Violation,
    invalid,
)
from service.etags import parse_etag
from service.identifiers import new_id
from service.identity import Caller
from service.names import USER_TYPE, user_name
from service.standing import why_not
from service.users.schemas import User, UserDeletion, UserDraft, UserPatch, UserQuery, UserTarget

# Constraint -> what it says to the caller: the field that is taken.
_TAKEN = {"uq_users_email_key": "email", "uq_users_username_key": "username", "pk_users": "id"}


async def create_user(uow: UnitOfWork, caller: Caller, draft: UserDraft) -> User:
    user_id = draft.user_id or new_id()
    try:
        return User.of(await uow.users.add(user_id, caller.id, draft.columns()))
    except UniqueViolation as violation:
        raise _taken(violation, user_id) from None


async def get_user(uow: UnitOfWork, caller: Caller, user_id: UUID) -> User:
    row = await uow.users.get(user_id)
    if row is None:
        raise _not_found(user_id)
    return User.of(row)


async def batch_get_users(uow: UnitOfWork, caller: Caller, user_ids: Sequence[UUID]) -> list[User]:
    """In the order asked, all or nothing; deleted ones too, as GetUser."""
    rows = await uow.users.get_many(user_ids)
    for place, user_id in enumerate(user_ids):
        if user_id not in rows:
            raise _not_found(user_id, f"names[{place}]: there is no such user.")
    return User.of_all([rows[user_id] for user_id in user_ids])


async def list_users(uow: UnitOfWork, caller: Caller, query: UserQuery) -> list[User]:
    """One user more than the page holds, where there is more."""
    rows = await uow.users.list_newest_first(query.after, query.size + 1, deleted=query.show_deleted)
    return User.of_all(rows)


async def update_user(uow: UnitOfWork, caller: Caller, patch: UserPatch) -> User:
    guard, columns = Guard(version=parse_etag(patch.etag)), patch.columns()
    if patch.annotation_changes:
        guard, merged = await _merge(uow, patch, guard)
        columns |= merged
    row = await _change(uow, caller, patch.name, columns, guard)
    if row is not None:
        return User.of(row)
    why = await _why(uow, patch.name, guard if patch.etag else Guard())
    if not isinstance(why, NotFound):
        raise why
    if patch.draft is None:
        raise patch.draft_fault or why
    try:
        return await create_user(uow, caller, patch.draft)
    except AlreadyExists as conflict:
        if conflict.metadata["field"] != "id":
            raise
        raise SerializationLost("another call made the user") from conflict  # the unit runs again and updates it


async def _merge(uow: UnitOfWork, patch: UserPatch, guard: Guard) -> tuple[Guard, dict[str, object]]:
    """Single annotations are merged into those that are read here, with the row locked: others wait for their turn."""
    row = await uow.users.get_locked(patch.name)
    if row is None:
        return guard, {}
    try:
        merged = patch.merged(row.annotations)
    except ValueError as fault:
        raise invalid([Violation("user.annotations", str(fault))]) from None
    return Guard(version=guard.version or (row.version, row.created_at)), {"annotations": merged}


async def delete_user(uow: UnitOfWork, caller: Caller, deletion: UserDeletion) -> User | UUID:
    """Leaves the tasks. With `allow_missing` a deleted user is answered as it is, and an unknown one as its id."""
    guard = Guard(version=parse_etag(deletion.etag))
    columns = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
    row = await uow.users.change(deletion.name, caller.id, columns, guard)
    if row is not None:
        return User.of(row)
    why = await _why(uow, deletion.name, guard)
    if isinstance(why, ResourceDeleted):
        why = _not_found(deletion.name, "The user is deleted already; UndeleteUser restores it until its purge_time.")
    if not deletion.allow_missing or not isinstance(why, NotFound):
        raise why
    gone = await uow.users.get(deletion.name)
    if gone is not None and gone.deleted_at is None:
        raise SerializationLost("the user came back between two statements")
    return deletion.name if gone is None else User.of(gone)


async def undelete_user(uow: UnitOfWork, caller: Caller, target: UserTarget) -> User:
    guard = Guard(deleted=True, version=parse_etag(target.etag))
    row = await _change(uow, caller, target.name, {"deleted_at": None, "purge_at": None}, guard)
    if row is None:
        raise await _why(uow, target.name, guard)
    return User.of(row)


async def _change(uow: UnitOfWork, caller: Caller, user_id: UUID, columns: dict[str, object], guard: Guard) -> Any:
    try:
        return await uow.users.change(user_id, caller.id, columns, guard)
    except UniqueViolation as violation:
        raise _taken(violation, user_id) from None
    except CheckViolation as violation:
        if violation.constraint != "ck_users_person_has_email":
            raise
        raise _email_required() from None


async def _why(uow: UnitOfWork, user_id: UUID, guard: Guard) -> Exception:
    """Why a guarded statement found no row; the race that is over meanwhile makes the unit run again."""
    row = await uow.users.get_standing(user_id)
    if row is None:
        return _not_found(user_id)
    amiss = why_not(row, guard, _ref(user_id), "user")
    return amiss or SerializationLost("the row changed between the statement and the look-up")


def _taken(violation: UniqueViolation, user_id: UUID) -> AlreadyExists:
    field = _TAKEN[violation.constraint]
    if field == "id":
        message = "A user of this id exists already, perhaps deleted; choose another id, or read the user."
        return AlreadyExists(message, resource=_ref(user_id), metadata={"field": field})
    message = f"Another user has this {field} already (compared without case); choose another."
    # Whose it is, the caller need not know.
    return AlreadyExists(message, resource=ResourceRef(USER_TYPE, ""), metadata={"field": field})


def _email_required() -> InvalidArgument:
    return invalid([Violation("user.email", "is required for a user of role USER or ADMIN")])


def _ref(user_id: UUID) -> ResourceRef:
    return ResourceRef(USER_TYPE, user_name(user_id))


def _not_found(user_id: UUID, message: str = "There is no such user.") -> NotFound:
    return NotFound(message, resource=_ref(user_id))
