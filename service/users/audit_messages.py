"""Between the messages of ListAuditEvents and the events."""

from uuid import UUID

from pydantic import BaseModel

from service.identity import caller
from service.names import audit_event_name, parse_user, user_name
from service.pagination import PageSize, PageTokens, fill_page
from service.timestamps import fill
from service.users.auditing import AuditEvent, AuditQuery
from service.validation import one, validated
from taxiway.v1 import audit_event_pb2
from taxiway.v1 import user_service_pb2 as pb

_KINDS = dict(audit_event_pb2.AuditEvent.Kind.items())


class _List(BaseModel):
    page_size: PageSize


def query(request: pb.ListAuditEventsRequest, tokens: PageTokens) -> AuditQuery:
    size = validated(_List, {"page_size": request.page_size}, request).page_size
    subject = one("subject", parse_user, request.subject) if request.subject else None
    return AuditQuery(size=size, after=tokens.read(_scope(subject), request.page_token), subject=subject)


def page(asked: AuditQuery, tokens: PageTokens, events: list[AuditEvent]) -> pb.ListAuditEventsResponse:
    response = pb.ListAuditEventsResponse()
    last = fill_page(response.audit_events, events, asked.size, _write)
    if last is not None:
        response.next_page_token = tokens.make(_scope(asked.subject), last.id)
    return response


def _scope(subject: UUID | None) -> bytes:
    return f"ListAuditEvents/1/{caller().id}/{subject}".encode()


def _write(value: AuditEvent, message: audit_event_pb2.AuditEvent) -> None:
    message.name = audit_event_name(value.id)
    message.kind = _KINDS[value.event]
    message.actor = user_name(value.actor_id) if value.actor_id else ""
    message.subject = user_name(value.subject_id) if value.subject_id else ""
    message.object_id = str(value.object_id) if value.object_id else ""
    message.method = value.method
    message.reason = value.reason
    message.occurrences = value.occurrences
    fill(message.create_time, value.create_time)
