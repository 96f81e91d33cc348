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
from service.users.auditing import note
from service.users.password_resets import FIRST, PasswordReset, put_password_reset
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
    """What became of the users of a stream so far."""

    created: int = 0
    failed: int = 0
    failures: tuple[ImportFailure, ...] = ()
    resets: tuple[PasswordReset, ...] = ()

    @property
    def seen(self) -> int:
        return self.created + self.failed

    def plus(self, more: "Imported") -> "Imported":
        failures = (self.failures + more.failures)[:FAILURES]
        return Imported(self.created + more.created, self.failed + more.failed, failures, self.resets + more.resets)


Taken = set[tuple[str, UUID | str]]  # field, and the key under which somebody has it


async def import_users(uow: UnitOfWork, caller: Caller, batch: ImportBatch) -> Imported:
    """Creates whom it can. Raises ResponseTooLarge, and creates nobody, where there is no room for their tokens."""
    if any(user.draft.certificate_uris for user in batch.users):
        await uow.users.lock_certificates()  # before any row of ours, which others might wait for
    taken = await _taken(uow, batch.users)
    failures, resets = {failure.place: failure for failure in batch.failures}, {}
    # In one order, whatever order they came in: two imports of the same users wait for each other, and not in a ring.
    for user in sorted(batch.users, key=lambda user: caseless(user.draft.username)):
        conflict = await _conflict(uow, user, taken)
        if conflict is not None:
            failures[user.place] = conflict
        elif (reset := await _import(uow, caller, user, taken)) is not None:
            resets[user.place] = reset
    if len(resets) > batch.room:
        message = f"More than {RESETS} users of the stream need a one-time token; import these in another stream."
        raise ResponseTooLarge(message, metadata={"limit": str(RESETS)})
    created = len(batch.users) + len(batch.failures) - len(failures)
    return Imported(created, len(failures), _in_order(failures), _in_order(resets))


def _in_order(by_place: Mapping[int, Item]) -> tuple[Item, ...]:
    return tuple(by_place[place] for place in sorted(by_place))


def _keys(user_id: UUID | None, draft: UserDraft) -> dict[str, UUID | str]:
    """What is unique of a user, by field; what it does not have is nobody's."""
    email = caseless(draft.email) if draft.email else None
    keys = {"id": user_id, "email": email, "username": caseless(draft.username)}
    return {field: key for field, key in keys.items() if key is not None}


async def _taken(uow: UnitOfWork, users: Sequence[ImportedUser]) -> Taken:
    """In one statement for all of them."""
    drafts = [user.draft for user in users]
    ids = [draft.user_id for draft in drafts if draft.user_id]
    emails = [caseless(draft.email) for draft in drafts if draft.email]
    holders = await uow.users.find_holders(ids, emails, [caseless(draft.username) for draft in drafts])
    return {(holder.field, holder.key) for holder in holders}


async def _conflict(uow: UnitOfWork, user: ImportedUser, taken: Taken) -> ImportFailure | None:
    fields = [name for name, key in _keys(user.draft.user_id, user.draft).items() if (name, key) in taken]
    uris = user.draft.certificate_uris
    if not fields and uris and await uow.users.find_by_certificate(uris):
        fields = ["certificate_uris"]
    if not fields:
        return None
    refusal = field_taken(fields[0], user.draft.user_id or new_id())
    path = "user_id" if fields[0] == "id" else f"user.{fields[0]}"
    return ImportFailure(user.place, refusal.reason, path, refusal.message)


async def _import(uow: UnitOfWork, caller: Caller, user: ImportedUser, taken: Taken) -> PasswordReset | None:
    """A one-time token for a person without a password that can be checked here."""
    user_id = user.draft.user_id or new_id()
    try:
        await uow.users.add(user_id, caller.id, user.draft.columns())
    except UniqueViolation as violation:
        raise SerializationLost("another call took a name meanwhile") from violation  # the unit runs again and sees it
    taken.update(_keys(user_id, user.draft).items())
    await note(uow, caller, "USER_IMPORTED", user_id)
    if user.password_hash is not None:
        await uow.credentials.set(user_id, user.password_hash)
    elif user.draft.role != "SERVICE":
        return await put_password_reset(uow, caller, user_id, FIRST)
    return None
