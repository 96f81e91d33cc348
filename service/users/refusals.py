"""Why something cannot be done with a user: what the use cases of the slice raise, said in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from persistence.errors import SerializationLost, UniqueViolation
from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.errors import (
    AlreadyExists,
    IllegalTransition,
    InvalidArgument,
    NotFound,
    OwnerDeleted,
    ParentNotFound,
    PermissionDenied,
    ResourceRef,
    Violation,
    invalid,
)
from service.identity import Caller
from service.names import USER_TYPE, user_name
from service.standing import why_not

# Constraint -> what it says to the caller: the field that is taken.
_TAKEN = {"uq_users_email_key": "email", "uq_users_username_key": "username", "pk_users": "id"}


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state: from which one, to which one."""

    verb: str
    source: str
    target: str


def require_writer(caller: Caller, row: Any) -> None:
    """Raises PermissionDenied where the account is neither the caller's nor a USER's, and the caller no ADMIN.

    The role is that of a row which the unit holds locked, since it has written it or is about to.
    """
    if caller.role != "ADMIN" and row.id != caller.id and row.role != "USER":
        raise PermissionDenied


async def why(
    uow: UnitOfWork, caller: Caller, user_id: UUID, guard: Guard, transition: Transition | None = None
) -> Exception:
    """Why a guarded statement found no row; the race that is over meanwhile makes the unit run again.

    Raises PermissionDenied: whom the caller may not write to, it is told nothing more about.
    """
    row = await uow.users.get_standing(user_id)
    if row is None:
        return not_found(user_id)
    require_writer(caller, row)
    if row.erased_at is not None:
        return not_found(user_id, "What was kept of the user is erased: nothing brings it back.")
    amiss = why_not(row, guard, ref(user_id), "user") or _why_not_from(row.state, user_id, transition)
    return amiss or SerializationLost("the row changed between the statement and the look-up")


def _why_not_from(state: str, user_id: UUID, transition: Transition | None) -> IllegalTransition | None:
    if transition is None or state == transition.source:
        return None
    message = f"A user in state {state} cannot be {transition.verb}; allowed from {transition.source}."
    return IllegalTransition(message, resource=ref(user_id), metadata={"state": state})


def unfit(row: Any, columns: Mapping[str, object]) -> InvalidArgument | None:
    """What would be wrong with the row after these columns are written; None where it is whole."""
    after = {name: columns.get(name, getattr(row, name)) for name in ("role", "email", "scopes", "certificate_uris")}
    if after["role"] == "SERVICE":
        return None
    if after["email"] is None:
        return invalid([Violation("user.email", "is required for a user of role USER or ADMIN")])
    held = [name for name in ("scopes", "certificate_uris") if after[name]]
    if not held:
        return None
    if after["role"] != row.role and not columns.keys() & set(held):
        rule = f"cannot become {after['role']} while {' and '.join(held)} of the account stand: clear them with it"
        return invalid([Violation("user.role", rule)])
    return invalid([Violation(f"user.{name}", "must be empty for any other role than SERVICE") for name in held])


def taken(violation: UniqueViolation, user_id: UUID) -> AlreadyExists:
    return field_taken(_TAKEN[violation.constraint], user_id)


def field_taken(field: str, user_id: UUID) -> AlreadyExists:
    """`field` is `id`, `email`, `username` or `certificate_uris`."""
    if field == "id":
        message = "A user of this id exists already, perhaps deleted; choose another id, or read the user."
        return AlreadyExists(message, resource=ref(user_id), metadata={"field": field})
    message = f"Another user has this {field} already (compared without case); choose another."
    if field == "certificate_uris":
        message = "Another user has one of these certificate_uris already; each belongs to one account."
    # Whose it is, the caller need not know.
    return AlreadyExists(message, resource=ResourceRef(USER_TYPE, ""), metadata={"field": field})


def ref(user_id: UUID) -> ResourceRef:
    return ResourceRef(USER_TYPE, user_name(user_id))


def not_found(user_id: UUID, message: str = "There is no such user.") -> NotFound:
    return NotFound(message, resource=ref(user_id))


def parent_not_found(user_id: UUID) -> ParentNotFound:
    return ParentNotFound("There is no such user.", resource=ref(user_id))


def parent_deleted(user_id: UUID) -> OwnerDeleted:
    message = "The user is deleted; UndeleteUser restores it until its purge_time."
    return OwnerDeleted(message, resource=ref(user_id))
