"""ListAuditEvents: pages, newest first, of one account or of all."""

import grpc

from taxiway.v1.audit_event_pb2 import AuditEvent
from taxiway.v1.user_service_pb2 import (
    DeleteUserRequest,
    ListAuditEventsRequest,
    ListAuditEventsResponse,
    UndeleteUserRequest,
)
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, make_user
from tests.e2e.refusals import refused

Code = grpc.StatusCode


async def page(service: Service, **fields: str | int) -> ListAuditEventsResponse:
    request = ListAuditEventsRequest()
    for field, value in fields.items():
        setattr(request, field, value)
    return await service.users.ListAuditEvents(request)


async def test_deletion_and_its_end_are_audited_and_what_is_refused_is_not(service: Service) -> None:
    user = await make_user(service)
    await service.users.DeleteUser(DeleteUserRequest(name=user.name))
    await service.users.DeleteUser(DeleteUserRequest(name=user.name, allow_missing=True))
    await service.users.UndeleteUser(UndeleteUserRequest(name=user.name))
    undelete = service.users.UndeleteUser(UndeleteUserRequest(name=user.name))
    await refused(undelete, Code.ALREADY_EXISTS, "RESOURCE_NOT_DELETED")
    assert await kinds(service, user.name) == ["USER_CREATED", "USER_DELETED", "USER_UNDELETED"]


async def test_a_walk_shows_each_event_once_newest_first(service: Service) -> None:
    names = [(await make_user(service)).name for _ in range(7)]
    seen: list[AuditEvent] = []
    token = ""
    while True:
        response = await page(service, page_size=3, page_token=token)
        seen += response.audit_events
        token = response.next_page_token
        if not token:
            break
    created = [event.subject for event in seen if event.kind == AuditEvent.USER_CREATED]
    assert set(created) == set(names)
    assert len({event.name for event in seen}) == len(seen)
    assert [event.name for event in seen] == sorted((event.name for event in seen), reverse=True)
    times = [event.create_time.ToMilliseconds() for event in seen]
    assert times == sorted(times, reverse=True)


async def test_the_events_of_one_account_are_those_and_of_nobody_there_are_none(service: Service) -> None:
    one, _ = await make_user(service), await make_user(service)
    (event,) = (await page(service, subject=one.name)).audit_events
    assert event.subject == one.name
    assert event.name.startswith("auditEvents/")
    assert not (await page(service, subject=NO_USER)).audit_events


async def test_a_token_of_another_subject_a_bad_size_and_a_bad_name_are_refused(service: Service) -> None:
    await make_user(service)
    user = await make_user(service)
    token = (await page(service, page_size=1)).next_page_token
    assert token
    await refused(page(service, page_token=token, subject=user.name), Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
    for field, value in (("page_size", -1), ("subject", "users/-"), ("subject", "users/X")):
        refusal = await refused(page(service, **{field: value}), Code.INVALID_ARGUMENT, "INVALID_FIELD")
        assert refusal.fields == [field]
