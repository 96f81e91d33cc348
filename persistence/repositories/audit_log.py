"""The audit log: written, listed, never changed. It holds ids and fixed words only."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, bindparam, insert, literal_column, select, text

from persistence.models import Base
from persistence.models.audit_log import AuditEvent
from persistence.repositories.base import Repository

AUDIT = Base.metadata.tables["audit_log"]

# A UUID of version 7 (RFC 9562) by the database's clock, so that the order of ids is that of time, whichever worker
# wrote: 48 bits of milliseconds, then a random UUID of version 4 with the two bits that make the 4 a 7.
NEW_ID = (
    "encode(set_bit(set_bit("
    "substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)"
    " || substring(uuid_send(gen_random_uuid()) FROM 7), 52, 1), 53, 1), 'hex')::uuid"
)
_ADD_MANY = text(f"""
    INSERT INTO audit_log (id, event, actor_id, subject_id, method, reason)
    SELECT {NEW_ID}, CAST(:event AS audit_event), :actor, subject, :method, ''
    FROM unnest(CAST(:subjects AS uuid[])) AS subject""").bindparams(bindparam("actor", type_=Uuid))  # noqa: S608 - ours
_ADD = insert(AUDIT).values(id=literal_column(NEW_ID))


def _page(*, of_subject: bool, after: bool) -> Select[Any]:
    statement = select(*AUDIT.c).order_by(AUDIT.c.id.desc()).limit(bindparam("limit"))
    if of_subject:
        statement = statement.where(AUDIT.c.subject_id == bindparam("subject"))
    return statement.where(AUDIT.c.id < bindparam("after")) if after else statement


_PAGES = {(s, a): _page(of_subject=s, after=a) for s in (True, False) for a in (True, False)}


class AuditLog(Repository):
    __slots__ = ()

    async def add(  # noqa: PLR0913, PLR0917 - one for each column
        self,
        event: AuditEvent,
        actor_id: UUID | None,
        subject_id: UUID | None = None,
        object_id: UUID | None = None,
        method: str = "",
        reason: str = "",
        occurrences: int = 1,
    ) -> None:
        """`reason` is a fixed word of at most 64 code points, never what was sent."""
        values = {"event": event, "actor_id": actor_id, "subject_id": subject_id, "object_id": object_id}
        await self._run(_ADD, {**values, "method": method, "reason": reason, "occurrences": occurrences})

    async def list(self, subject_id: UUID | None, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
        """Newest first, below `after`, at most `limit`; with `subject_id` what was done to that account."""
        values: dict[str, object] = {"limit": limit}
        values |= {} if subject_id is None else {"subject": subject_id}
        values |= {} if after is None else {"after": after}
        return await self._all(_PAGES[subject_id is not None, after is not None], values)

    async def add_many(self, event: AuditEvent, actor_id: UUID, subject_ids: Sequence[UUID], method: str) -> None:
        """The same event for each of the accounts, in one statement."""
        if subject_ids:
            values = {"event": event, "actor": actor_id, "subjects": list(subject_ids), "method": method}
            await self._run(_ADD_MANY, values)
