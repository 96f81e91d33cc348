"""Accounts created in great number, each message of the stream in one transaction (ImportUsers)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from persistence.errors import SerializationLost, UniqueViolation
from persistence.unit_of_work import UnitOfWork
from service.errors import ResponseTooLarge
from service.fields import caseless
from service.identifiers import new_id
from service.identity import Caller
from service.users.auditing import note_all
from service.users.password_resets import PasswordReset, add_first_resets
from service.users.refusals import field_taken
from service.users.schemas import UserDraft

Item = TypeVar("Item")
FAILURES = 1000  # named in one answer
RESETS = 5000  # in one answer, which holds 3 MiB


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """A user to import, at its place in the stream; `password_hash` is one that can be taken over."""

    place: int
    draft: UserDraft
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImportFailure:
    place: int
    reason: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """One message: the users that keep the rules, those that do not, and how many one-time tokens may be made."""

    users: Sequence[ImportedUser]
    failures: Sequence[ImportFailure]
    room: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the users of one message."""

    created: int
    failures: Sequence[ImportFailure]
    resets: Sequence[PasswordReset]


Taken = set[tuple[str, UUID | str]]  # field, and the key under which somebody has it
Accepted = dict[UUID, ImportedUser]  # by the id that each is to have


async def import_users(uow: UnitOfWork, caller: Caller, batch: ImportBatch) -> Imported:
    """Creates whom it can, in as many statements for 500 as for one.

    Raises ResponseTooLarge, and creates nobody, where there is no room for their tokens.
    """
    accepted, conflicts = _sorted_out(batch.users, await _taken(uow, batch.users))
    without = [user_id for user_id, user in accepted.items() if _needs_token(user)]
    if len(without) > batch.room:
        message = f"More than {RESETS} users of the stream need a one-time token; import these in another stream."
        raise ResponseTooLarge(message, metadata={"limit": str(RESETS)})
    await _add(uow, caller, accepted)
    resets = {accepted[reset.user_id].place: reset for reset in await add_first_resets(uow, caller.id, without)}
    failures = {failure.place: failure for failure in (*batch.failures, *conflicts)}
    return Imported(len(accepted), _in_order(failures), _in_order(resets))


def _in_order(by_place: Mapping[int, Item]) -> list[Item]:
    return [by_place[place] for place in sorted(by_place)]


async def _taken(uow: UnitOfWork, users: Sequence[ImportedUser]) -> Taken:
    """What any of the users asks for and somebody has, certificates under a lock until COMMIT."""
    drafts = [user.draft for user in users]
    uris = [uri for draft in drafts for uri in draft.certificate_uris]
    taken: Taken = set()
    if uris:
        await uow.users.lock_certificates()  # before any row of ours, which others might wait for
        taken.update(("certificate_uris", uri) for uri in await uow.users.find_certificates(uris))
    ids = [draft.user_id for draft in drafts if draft.user_id]
    emails = [caseless(draft.email) for draft in drafts if draft.email]
    holders = await uow.users.find_holders(ids, emails, [caseless(draft.username) for draft in drafts])
    return taken | {(holder.field, holder.key) for holder in holders}


def _sorted_out(users: Sequence[ImportedUser], taken: Taken) -> tuple[Accepted, list[ImportFailure]]:
    """Who can be created, and who cannot, since somebody or another of them has what is unique.

    In one order, whatever order they came in: two imports of the same users wait for each other, and not in a ring.
    """
    accepted: Accepted = {}
    conflicts: list[ImportFailure] = []
    for user in sorted(users, key=lambda user: caseless(user.draft.username)):
        user_id = user.draft.user_id or new_id()
        keys = _keys(user_id, user.draft)
        held = next((field for field, key in keys if (field, key) in taken), None)
        if held is None:
            accepted[user_id] = user
            taken.update(keys)
        else:
            conflicts.append(_conflict(user.place, held, user_id))
    return accepted, conflicts


def _keys(user_id: UUID, draft: UserDraft) -> list[tuple[str, UUID | str]]:
    """What is unique of a user, by field, in the order in which a conflict is told; what is empty is nobody's."""
    email = [("email", caseless(draft.email))] if draft.email else []
    certificates = [("certificate_uris", uri) for uri in draft.certificate_uris]
    return [("id", user_id), *email, ("username", caseless(draft.username)), *certificates]


def _conflict(place: int, field: str, user_id: UUID) -> ImportFailure:
    refusal = field_taken(field, user_id)
    return ImportFailure(place, refusal.reason, "user_id" if field == "id" else f"user.{field}", refusal.message)


def _needs_token(user: ImportedUser) -> bool:
    """A person without a password that can be checked here."""
    return user.password_hash is None and user.draft.role != "SERVICE"


async def _add(uow: UnitOfWork, caller: Caller, accepted: Accepted) -> None:
    try:
        await uow.users.add_many(caller.id, {user_id: user.draft.columns() for user_id, user in accepted.items()})
    except UniqueViolation as violation:
        raise SerializationLost("another call took a name meanwhile") from violation  # the unit runs again and sees it
    await note_all(uow, caller, "USER_IMPORTED", list(accepted))
    hashes = {user_id: user.password_hash for user_id, user in accepted.items() if user.password_hash is not None}
    await uow.credentials.add_many(hashes)
