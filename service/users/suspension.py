"""Keeping an account out, and letting it in again."""

from uuid import UUID

from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.etags import parse_etag
from service.identity import Caller
from service.users.auditing import note
from service.users.refusals import Transition, require_writer, why
from service.users.schemas import User, UserTarget

SUSPEND = Transition("suspended", "ACTIVE", "SUSPENDED")
REACTIVATE = Transition("reactivated", "SUSPENDED", "ACTIVE")


async def suspend_user(uow: UnitOfWork, caller: Caller, target: UserTarget) -> User:
    """Ends its sessions for good; its API keys and certificates are refused while it is suspended."""
    user = await _transit(uow, caller, target, SUSPEND)
    await uow.sessions.delete_all(user.id, None)
    await note(uow, caller, "USER_SUSPENDED", user.id)
    return user


async def reactivate_user(uow: UnitOfWork, caller: Caller, target: UserTarget) -> User:
    user = await _transit(uow, caller, target, REACTIVATE)
    await note(uow, caller, "USER_REACTIVATED", user.id)
    return user


async def _transit(uow: UnitOfWork, caller: Caller, target: UserTarget, transition: Transition) -> User:
    guard = Guard(version=parse_etag(target.etag), states=(transition.source,))
    row = await uow.users.change(target.name, caller.id, {"state": transition.target}, guard)
    if row is None:
        raise await why(uow, caller, target.name, guard, transition)
    require_writer(caller, row)
    return User.of(row)


async def end_access(uow: UnitOfWork, user_id: UUID) -> None:
    """For good: an account that is brought back, or has its former role again, gets all of them anew."""
    await uow.sessions.delete_all(user_id, None)
    await uow.api_keys.delete_all(user_id)
    await uow.password_resets.delete(user_id)
