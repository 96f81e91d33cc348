"""The audit log of one account, read through the service."""

from taxiway.v1.audit_event_pb2 import AuditEvent
from taxiway.v1.user_service_pb2 import ListAuditEventsRequest
from tests.e2e.conftest import Service


async def events(service: Service, subject: str) -> list[AuditEvent]:
    """All that happened to the account, newest first."""
    response = await service.users.ListAuditEvents(ListAuditEventsRequest(subject=subject, page_size=1000))
    assert not response.next_page_token
    return list(response.audit_events)


async def kinds(service: Service, subject: str) -> list[str]:
    """What happened to the account, in the order of the alphabet: events of one millisecond have no other."""
    return sorted(AuditEvent.Kind.Name(event.kind) for event in await events(service, subject))
