"""What happened to accounts and access: written in the unit that does it, read in pages (ListAuditEvents)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import Field

from persistence.models.audit_log import AuditEvent as Kind
from persistence.unit_of_work import UnitOfWork
from service.fields import Resource, Value
from service.identity import Caller, current_method


class AuditEvent(Resource):
    """One event as it is kept; `event` is a name of `AuditEvent.Kind`."""

    id: UUID
    event: str
    actor_id: UUID | None
    subject_id: UUID | None
    object_id: UUID | None
    method: str
    reason: str
    occurrences: int
    create_time: datetime = Field(validation_alias="created_at")


class AuditQuery(Value):
    """One page of the events, newest first, below the event `after`; of one account, or of all."""

    size: int
    after: UUID | None
    subject: UUID | None


async def note(uow: UnitOfWork, caller: Caller, event: Kind, user_id: UUID) -> None:
    """The caller did this to the account, in the call that is being served."""
    await uow.audit.add(event, caller.id, user_id, method=current_method())


async def note_all(uow: UnitOfWork, caller: Caller, event: Kind, user_ids: Sequence[UUID]) -> None:
    """The same, done to each of the accounts; in one statement."""
    await uow.audit.add_many(event, caller.id, user_ids, current_method())


async def list_audit_events(uow: UnitOfWork, _caller: Caller, query: AuditQuery) -> list[AuditEvent]:
    """One event more than the page holds, where there is more."""
    return AuditEvent.of_all(await uow.audit.list(query.subject, query.after, query.size + 1))
