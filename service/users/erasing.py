"""All that is kept of a user, gone for good; or only counted."""

from collections.abc import Callable

from persistence.database import Database, Message
from persistence.repositories.base import Guard
from persistence.repositories.requests import Claim
from persistence.unit_of_work import UnitOfWork
from service.etags import parse_etag
from service.identity import Caller
from service.standing import why_not
from service.users.auditing import note
from service.users.refusals import not_found, ref
from service.users.schemas import UserErasure

Counts = dict[str, int]  # table -> rows that were removed or anonymised


class _Undone(Exception):
    """No error: it carries the answer out of a unit that is rolled back."""

    def __init__(self, counts: Counts) -> None:
        super().__init__("validate_only")
        self.counts = counts


async def erase(
    db: Database, caller: Caller, erasure: UserErasure, encode: Callable[[Counts], Message], claim: Claim | None
) -> bytes:
    """The encoded counts. With `validate_only` the same unit runs, fails as it would, and is rolled back (AIP-163)."""
    try:
        return await db.write(erase_user, caller, erasure, encode, claim)
    except _Undone as undone:
        return encode(undone.counts).SerializeToString()


async def erase_user(uow: UnitOfWork, caller: Caller, erasure: UserErasure) -> Counts:
    """Living or deleted. Its sessions, keys and stored answers go with it; the audit log holds its id."""
    locked = await uow.users.get_locked(erasure.name)
    row = None if locked is None else await uow.users.get_standing(erasure.name)
    if row is None:
        raise not_found(erasure.name)
    guard = Guard(deleted=row.deleted_at is not None, version=parse_etag(erasure.etag))
    amiss = why_not(row, guard, ref(erasure.name), "user")
    if amiss is not None:
        raise amiss
    counts = await uow.personal.erase(erasure.name)
    await note(uow, caller, "USER_ERASED", erasure.name)
    if erasure.validate_only:
        raise _Undone(counts)
    return counts
