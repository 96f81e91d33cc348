"""All that is kept of a user, gone for good."""

from persistence.repositories.base import Guard
from persistence.unit_of_work import UnitOfWork
from service.etags import parse_etag
from service.identity import Caller
from service.standing import why_not
from service.users.auditing import note
from service.users.refusals import not_found, ref
from service.users.schemas import UserTarget

Counts = dict[str, int]  # table -> rows that were removed or anonymised


async def erase_user(uow: UnitOfWork, caller: Caller, target: UserTarget) -> Counts:
    """Living or deleted. Its sessions, keys and stored answers go with it; the audit log holds its id."""
    await uow.positions.hold(target.name)  # as whoever writes several of its tasks does, before any row of theirs
    locked = await uow.users.get_locked(target.name)
    row = None if locked is None else await uow.users.get_standing(target.name)
    if row is None:
        raise not_found(target.name)
    guard = Guard(deleted=row.deleted_at is not None, version=parse_etag(target.etag))
    amiss = why_not(row, guard, ref(target.name), "user")
    if amiss is not None:
        raise amiss
    counts = await uow.personal.erase(target.name)
    await note(uow, caller, "USER_ERASED", target.name)
    return counts
