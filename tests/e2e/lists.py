"""The lists of the service under one face, so that what holds for pages is said once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from persistence.unit_of_work import UnitOfWork
from service.identifiers import new_id
from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.audit_event_pb2 import AuditEvent
from taxiway.v1.auth_service_pb2 import CreateApiKeyRequest, ListApiKeysRequest, ListSessionsRequest
from taxiway.v1.session_pb2 import Session
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, ListTasksRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import DeleteUserRequest, GetUserRequest, ListAuditEventsRequest, ListUsersRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, make_task, make_user, update_user

PAGES = 1000  # more than any walk of these tests has


@dataclass(frozen=True)
class Listing:
    """How one kind of resource is made and listed, and softly deleted where it can be."""

    name: str
    make: Callable[[Service], Awaitable[Any]]
    request: Callable[..., Any]
    call: Callable[[Service, Any], Awaitable[Any]]
    items: str
    delete: Callable[[Service, str], Awaitable[Any]] | None = None

    async def page(self, service: Service, **arguments: Any) -> tuple[list[Any], str]:
        response = await self.call(service, self.request(**arguments))
        return list(getattr(response, self.items)), response.next_page_token

    async def walk(self, service: Service, **arguments: Any) -> AsyncIterator[list[Any]]:
        """Every page, to the end, which must come."""
        token = ""
        for _ in range(PAGES):
            page, token = await self.page(service, page_token=token, **arguments)
            yield page
            if not token:
                return
        raise AssertionError("the walk does not end")

    async def all(self, service: Service, **arguments: Any) -> list[Any]:
        return [item async for page in self.walk(service, **arguments) for item in page]


async def _make_session(service: Service) -> Session:
    """Of the administrator's, beside the one that calls."""
    me = await service.users.GetUser(GetUserRequest(name="users/me"))
    session_id = new_id()
    await service.lifecycle.db.change(_add_session, None, (session_id, UUID(me.name.removeprefix("users/"))))
    return Session(name=f"{me.name}/sessions/{session_id}")


async def _add_session(uow: UnitOfWork, _caller: None, ids: tuple[UUID, UUID]) -> None:
    await uow.sessions.add(*ids, bytes(32), "tests", "127.0.0.1")


async def _make_api_key(service: Service) -> ApiKey:
    """Of the one account that has them in these tests."""
    machine = User(name=NO_USER, username="nightly", role=User.SERVICE, scopes=["tasks.read"])
    await update_user(service, machine, allow_missing=True)
    request = CreateApiKeyRequest(parent=NO_USER, api_key=ApiKey(scopes=["tasks.read"]))
    return (await service.auth.CreateApiKey(request)).api_key


async def _make_event(service: Service) -> AuditEvent:
    await make_user(service)
    return (await service.users.ListAuditEvents(ListAuditEventsRequest(page_size=1))).audit_events[0]


USERS = Listing(
    "users",
    make_user,
    ListUsersRequest,
    lambda service, request: service.users.ListUsers(request),
    "users",
    lambda service, name: service.users.DeleteUser(DeleteUserRequest(name=name)),
)
TASKS = Listing(
    "tasks",
    lambda service: make_task(service, "users/me"),
    lambda **arguments: ListTasksRequest(**{"parent": "users/me", **arguments}),
    lambda service, request: service.tasks.ListTasks(request),
    "tasks",
    lambda service, name: service.tasks.DeleteTask(DeleteTaskRequest(name=name)),
)
ALL_TASKS = replace(
    TASKS, name="tasks of all", request=lambda **arguments: ListTasksRequest(**{"parent": "users/-", **arguments})
)
SESSIONS = Listing(
    "sessions",
    _make_session,
    lambda **arguments: ListSessionsRequest(**{"parent": "users/me", **arguments}),
    lambda service, request: service.auth.ListSessions(request),
    "sessions",
)
API_KEYS = Listing(
    "API keys",
    _make_api_key,
    lambda **arguments: ListApiKeysRequest(**{"parent": NO_USER, **arguments}),
    lambda service, request: service.auth.ListApiKeys(request),
    "api_keys",
)
AUDIT_EVENTS = Listing(
    "audit events",
    _make_event,
    ListAuditEventsRequest,
    lambda service, request: service.users.ListAuditEvents(request),
    "audit_events",
)
SOFTLY_DELETED = (USERS, TASKS, ALL_TASKS)
LISTINGS = (*SOFTLY_DELETED, SESSIONS, API_KEYS, AUDIT_EVENTS)
