"""Refused calls are in the audit log: who, what and how often, counted together, and nothing that the caller sent."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import pytest

from taxiway.v1 import task_service_pb2, user_service_pb2
from taxiway.v1.audit_event_pb2 import AuditEvent
from tests.e2e.conftest import Service, Stubs

LIST = "taxiway.v1.TaskService/ListTasks"


async def found(service: Service, kind: int, method: str) -> list[AuditEvent]:
    request = user_service_pb2.ListAuditEventsRequest(page_size=1000)
    events = (await service.users.ListAuditEvents(request)).audit_events
    return [event for event in events if event.kind == kind and event.method == method]


async def refused_times(stubs: Stubs, times: int, parent: str, code: grpc.StatusCode) -> None:
    for _ in range(times):
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stubs.tasks.ListTasks(task_service_pb2.ListTasksRequest(parent=parent))
        assert refusal.value.code() is code


async def until_counted(find: Callable[[], Awaitable[list[AuditEvent]]], times: int) -> list[AuditEvent]:
    """What is written once a second is there in time, or TimeoutError is raised."""
    async with asyncio.timeout(10):
        events = await find()
        while sum(event.occurrences for event in events) < times:
            events = await find()
    return events


async def test_a_credential_that_does_not_hold_is_counted_without_a_word_of_it(service: Service) -> None:
    stranger = await service.with_token("twk_nothing-of-ours")
    await refused_times(stranger, 20, "users/me", grpc.StatusCode.UNAUTHENTICATED)
    events = await until_counted(lambda: found(service, AuditEvent.AUTHENTICATION_FAILED, LIST), 20)
    assert sum(event.occurrences for event in events) == 20
    assert len(events) < 20, "counted together"
    assert {(event.actor, event.subject, event.object_id) for event in events} == {("", "", "")}


async def test_a_refused_right_names_who_asked_for_what(service: Service) -> None:
    account = await service.accounts.make("USER")
    foreign = await service.accounts.make("USER")
    await refused_times(await service.with_token(account.token), 3, foreign.name, grpc.StatusCode.PERMISSION_DENIED)
    events = await until_counted(lambda: found(service, AuditEvent.PERMISSION_DENIED, LIST), 3)
    assert sum(event.occurrences for event in events) == 3
    assert {event.actor for event in events} == {account.name}
