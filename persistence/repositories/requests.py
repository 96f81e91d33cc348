"""Claims and outcomes of request ids (AIP-155): what makes a retry safe."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import errors
from persistence.models import RequestRow
from persistence.repositories.base import Repository
from persistence.sealing import Sealer, SealError, place

REQUESTS = RequestRow.metadata.tables["requests"]

_KEY = (REQUESTS.c.caller_id == bindparam("caller"), REQUESTS.c.request_id == bindparam("request"))
_CLAIM = insert(REQUESTS).on_conflict_do_nothing(index_elements=["caller_id", "request_id"])
_OUTCOME = select(REQUESTS.c.fingerprint, REQUESTS.c.answer).where(*_KEY)
_STORE = update(REQUESTS).where(*_KEY).values(answer=bindparam("sealed"), owner_ids=bindparam("owners"))


@dataclass(frozen=True, slots=True)
class Claim:
    """One call's claim on a request id: the same id with another fingerprint is another call."""

    caller_id: UUID
    request_id: UUID
    method: str
    fingerprint: bytes  # SHA-256, 32 bytes; what is kept of it is keyed, since a command may be guessed

    @property
    def place(self) -> bytes:
        """Where the stored answer belongs: it opens nowhere else."""
        return place("requests", "answer", self.caller_id.bytes + self.request_id.bytes)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """In place of a claim: the unit does all that it does, and is rolled back (AIP-163)."""


class Requests(Repository):
    """`owners` are those whose rows the unit has written when it stores its answer."""

    __slots__ = ("_owners", "_sealer")

    def __init__(self, connection: AsyncConnection, sealer: Sealer, owners: Set[UUID]) -> None:
        super().__init__(connection)
        self._sealer = sealer
        self._owners = owners

    async def claim(self, claim: Claim) -> bytes | None:
        """None where the id is ours to work on, else the answer that an earlier call stored.

        Waits for a call of the same id that is under way elsewhere, at most `lock_timeout`.
        Raises RequestInProgress when that is over, RequestIdReused where the id served another call.
        """
        values = {"caller_id": claim.caller_id, "request_id": claim.request_id, "method": claim.method}
        try:
            claimed = await self._run(_CLAIM, {**values, "fingerprint": self._sealer.marks(claim.fingerprint)[0]})
        except errors.LockTimeout as error:
            raise errors.RequestInProgress("another call holds the request id") from error
        return None if claimed else await self._outcome(claim)

    async def _outcome(self, claim: Claim) -> bytes:
        row: Any = await self._one(_OUTCOME, {"caller": claim.caller_id, "request": claim.request_id})
        if row is None:  # purged between the two statements: the whole unit runs again and claims it
            raise errors.SerializationLost("the outcome was purged meanwhile")
        # Release 0.1.0 kept the fingerprint as it is: the next release may accept the keyed ones alone.
        if row.fingerprint not in (claim.fingerprint, *self._sealer.marks(claim.fingerprint)):
            raise errors.RequestIdReused("the request id was used for another call")
        try:
            return self._sealer.open(claim.place, row.answer)
        except SealError as error:  # sealed with a key that was taken away
            raise errors.OutcomeUnknown("the stored answer cannot be opened", repeatable=False) from error

    async def store(self, claim: Claim, answer: bytes) -> None:
        """With the answer goes whom it is about, so that it is found when one of them is erased."""
        key = {"caller": claim.caller_id, "request": claim.request_id}
        written = {"sealed": self._sealer.seal(claim.place, answer), "owners": list(self._owners)}
        await self._run(_STORE, {**key, **written})
