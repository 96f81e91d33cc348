"""Refused calls for the audit log: counted together for a second, so that a flood of them is no flood of rows."""

from collections import Counter
from typing import NamedTuple
from uuid import UUID

from persistence.database import Database
from persistence.models.audit_log import AuditEvent
from persistence.unit_of_work import UnitOfWork

KINDS = 1000  # of one second; what is beyond is counted without its caller and method


class Refusal(NamedTuple):
    event: AuditEvent
    actor: UUID | None
    method: str
    reason: str


class Refusals:
    """`note` costs a call nothing but a count; `flush` writes what has come together."""

    def __init__(self) -> None:
        self._counts: Counter[Refusal] = Counter()

    def note(self, event: AuditEvent, actor: UUID | None, method: str, reason: str) -> None:
        """One more refusal; ids and names of methods alone, nothing that the caller sent."""
        refusal = Refusal(event, actor, method, reason)
        if refusal not in self._counts and len(self._counts) >= KINDS:
            refusal = Refusal(event, None, "", "overflow")
        self._counts[refusal] += 1

    async def flush(self, db: Database) -> None:
        """Raises PersistenceError; what could not be written is kept for the next time."""
        if not self._counts:
            return
        noted, self._counts = self._counts, Counter()
        try:
            await db.change(_write, None, noted)
        except BaseException:
            self._counts.update(noted)
            raise


async def _write(uow: UnitOfWork, _caller: None, noted: Counter[Refusal]) -> None:
    for refusal, occurrences in noted.items():
        await uow.audit.add(
            refusal.event, refusal.actor, method=refusal.method, reason=refusal.reason, occurrences=occurrences
        )
