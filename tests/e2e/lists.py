"""The two lists of the service under one face, so that what holds for pages is said once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from taxiway.v1.task_service_pb2 import DeleteTaskRequest, ListTasksRequest
from taxiway.v1.user_service_pb2 import DeleteUserRequest, ListUsersRequest
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, make_user

PAGES = 1000  # more than any walk of these tests has


@dataclass(frozen=True)
class Listing:
    """How one kind of resource is made, deleted and listed."""

    name: str
    make: Callable[[Service], Awaitable[Any]]
    delete: Callable[[Service, str], Awaitable[Any]]
    request: Callable[..., Any]
    call: Callable[[Service, Any], Awaitable[Any]]
    items: str

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


USERS = Listing(
    "users",
    make_user,
    lambda service, name: service.users.DeleteUser(DeleteUserRequest(name=name)),
    ListUsersRequest,
    lambda service, request: service.users.ListUsers(request),
    "users",
)
TASKS = Listing(
    "tasks",
    lambda service: make_task(service, "users/me"),
    lambda service, name: service.tasks.DeleteTask(DeleteTaskRequest(name=name)),
    lambda **arguments: ListTasksRequest(**{"parent": "users/me", **arguments}),
    lambda service, request: service.tasks.ListTasks(request),
    "tasks",
)
LISTINGS = (USERS, TASKS)
