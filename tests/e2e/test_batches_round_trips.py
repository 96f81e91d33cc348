"""How often a batch asks the database and waits: as often for 500 tasks as for one (issue 4, 8)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest
from tests.conftest import Databases
from tests.e2e.batching import batch_create, batch_delete, batch_get, batch_update, draft, patch
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.making import make_project, make_user

Call = Awaitable[object]
Prepare = Callable[[Service, str, list[Task]], Awaitable[Call]]  # the owner, and so many tasks that are there


@pytest.fixture(scope="module")
async def counted(databases: Databases, migrated_template: str) -> AsyncIterator[tuple[Service, Wire]]:
    """A server that reaches its database through a wire that counts."""
    async with databases(template=migrated_template) as url, wire(url) as proxy, in_process(proxy.url) as service:
        yield service, proxy


async def read(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_get(service, owner, [task.name for task in tasks])


async def create(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_create(service, owner, [draft() for _ in tasks])


async def create_with_tags(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_create(service, owner, [draft(tags=["home", "work"]) for _ in tasks])


async def create_with_new_tags(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_create(service, owner, [draft(tags=["home", f"{uuid4()}"]) for _ in tasks])


async def create_below(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_create(service, owner, [draft(parent_task=task.name) for task in tasks])


async def create_in_project(service: Service, owner: str, tasks: list[Task]) -> Call:
    project = await make_project(service, owner)
    return batch_create(service, owner, [draft(project=project.name) for _ in tasks])


async def update(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_update(service, owner, [patch(task.name, title="Changed", etag=task.etag) for task in tasks])


async def upsert(service: Service, owner: str, tasks: list[Task]) -> Call:
    new = [patch(f"{owner}/tasks/{uuid4()}", title="New", allow_missing=True) for _ in tasks[1:]]
    return batch_update(service, owner, [patch(tasks[0].name, title="Changed", allow_missing=True), *new])


async def delete(service: Service, owner: str, tasks: list[Task]) -> Call:
    return batch_delete(service, owner, [DeleteTaskRequest(name=task.name) for task in tasks])


async def delete_by_force(service: Service, owner: str, tasks: list[Task]) -> Call:
    await batch_create(service, owner, [draft(parent_task=task.name) for task in tasks])
    return batch_delete(service, owner, [DeleteTaskRequest(name=task.name, force=True) for task in tasks])


async def update_of_missing(service: Service, owner: str, tasks: list[Task]) -> Call:
    requests = [patch(f"{owner}/tasks/{uuid4()}", title="Changed") for _ in tasks]
    return refused(batch_update(service, owner, requests))


async def delete_of_missing(service: Service, owner: str, tasks: list[Task]) -> Call:
    requests = [DeleteTaskRequest(name=f"{owner}/tasks/{uuid4()}", allow_missing=True) for _ in tasks]
    return batch_delete(service, owner, requests)


async def refused(call: Call) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await call


TRIPS: list[tuple[Prepare, int, int]] = [  # for one task, for 500
    (read, 1, 1),
    (create, 3, 3),  # BEGIN, INSERT, COMMIT
    (create_with_tags, 4, 4),  # the tags are held
    (create_with_new_tags, 5, 5),  # looked for, and made
    (create_below, 5, 5),  # the owner's row is held, and what is above looked at
    (create_in_project, 4, 4),  # the project is held
    (update, 3, 3),
    (upsert, 4, 5),  # a look for what is there, and where some is not, the INSERT beside the UPDATE
    (delete, 5, 5),  # the owner's row is held, and a look for subtasks that are left
    (delete_by_force, 4, 4),
    (update_of_missing, 4, 4),  # the reason, and ROLLBACK in place of COMMIT
    (delete_of_missing, 6, 6),
]


@pytest.mark.parametrize("count", [1, 500])
@pytest.mark.parametrize("case", TRIPS, ids=lambda case: case[0].__name__)
async def test_a_batch_takes_its_round_trips(counted: tuple[Service, Wire], case: Any, count: int) -> None:
    """The fewest of several: the first prepares statements, and the worker itself writes now and then."""
    (service, proxy), (prepare, for_one, for_many) = counted, case
    owner, found = (await make_user(service)).name, []
    for _ in range(4 if count == 1 else 2):
        tasks = await batch_create(service, owner, [draft() for _ in range(count)])
        call = await prepare(service, owner, tasks)
        before = proxy.round_trips
        await call
        found.append(proxy.round_trips - before)
    assert min(found) == (for_one if count == 1 else for_many)
