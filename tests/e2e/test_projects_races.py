"""DeleteProject against whoever writes its tasks meanwhile: no task lives in a project that does not."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, UndeleteTaskRequest
from tests.e2e.conftest import Service
from tests.e2e.making import (
    delete_project,
    get_project,
    get_task,
    make_project,
    make_task,
    make_user,
    undelete_project,
    update_task,
)
from tests.e2e.refusals import read
from tests.e2e.rows import select

# What a call that loses a race may be told; the last one on a busy machine.
LOST = {
    *("PARENT_NOT_FOUND", "RESOURCE_NOT_FOUND", "RESOURCE_DELETED", "RESOURCE_NOT_DELETED", "LIVE_CHILDREN"),
    *("CONFLICT", "LOCK_TIMEOUT", "POOL_EXHAUSTED"),
}
STRAYS = """
    SELECT t.id FROM tasks t JOIN projects p ON p.owner_id = t.owner_id AND p.id = t.project_id
    WHERE t.deleted_at IS NULL AND p.deleted_at IS NOT NULL
    UNION ALL SELECT t.id FROM tasks t JOIN tasks p ON p.owner_id = t.owner_id AND p.id = t.parent_id
    WHERE t.deleted_at IS NULL AND p.deleted_at IS NOT NULL"""
rounds = pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.prove)])


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def attempted(call: Awaitable[Any]) -> Any:
    """The answer, or None where the call lost."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        if read(error).reason not in LOST:
            raise
        return None


@rounds
@pytest.mark.parametrize("force", [False, True], ids=["without force", "with force"])
async def test_no_task_comes_into_a_project_that_is_deleted(service: Service, rounds: int, *, force: bool) -> None:
    owner = (await make_user(service)).name
    for _ in range(rounds):
        project = (await make_project(service, owner)).name
        others = [await make_task(service, owner) for _ in range(4)]
        mine = await make_task(service, owner, project=project)
        calls: list[Awaitable[Any]] = [make_task(service, owner, project=project) for _ in range(4)]
        calls += [update_task(service, Task(name=task.name, project=project)) for task in others]
        calls += [make_task(service, owner, parent_task=mine.name) for _ in range(2)]
        calls.insert(5, delete_project(service, project, force=force))
        await asyncio.gather(*map(attempted, calls))
        await delete_project(service, project, force=force, allow_missing=True)
        assert await select(service.database_url, STRAYS) == []
        assert (await get_project(service, project)).task_count == 0


@rounds
async def test_a_task_that_left_in_time_stays(service: Service, rounds: int) -> None:
    """Whoever took it out was answered, and it lives; or was refused, and it comes back with the project."""
    owner = (await make_user(service)).name
    for _ in range(rounds):
        project = (await make_project(service, owner)).name
        top = await make_task(service, owner, project=project)
        inside = [await make_task(service, owner, project=project) for _ in range(4)]
        below = [await make_task(service, owner, parent_task=top.name) for _ in range(4)]
        leaving = [update_task(service, Task(name=task.name), "project") for task in inside]
        leaving += [update_task(service, Task(name=task.name), "parent_task") for task in below]
        calls = [*leaving[:4], delete_project(service, project, force=True), *leaving[4:]]
        answers = await asyncio.gather(*map(attempted, calls))
        left = [*answers[:4], *answers[5:]]
        await delete_project(service, project, force=True, allow_missing=True)
        for task, answer in zip((*inside, *below), left, strict=True):
            assert (await get_task(service, task.name)).HasField("delete_time") == (answer is None)
        await undelete_project(service, project)
        for task in (top, *inside, *below):
            assert not (await get_task(service, task.name)).HasField("delete_time")


@pytest.mark.parametrize("calls", [12, pytest.param(60, marks=pytest.mark.prove)])
async def test_deletes_and_undeletes_of_projects_and_tasks_leave_no_stray(service: Service, calls: int) -> None:
    owner, seeded = (await make_user(service)).name, random.Random(7)
    projects = [(await make_project(service, owner)).name for _ in range(2)]
    top = [(await make_task(service, owner, project=project)).name for project in projects]
    below = [
        (await make_task(service, owner, parent_task=parent, project=project)).name
        for parent, project in zip(top, reversed(projects), strict=True)
    ]
    acts: list[Callable[[], Awaitable[Any]]] = [
        lambda: delete_project(service, seeded.choice(projects), force=True),
        lambda: undelete_project(service, seeded.choice(projects)),
        lambda: delete_project(service, seeded.choice(projects)),
        lambda: service.tasks.DeleteTask(DeleteTaskRequest(name=seeded.choice(top), force=True)),
        lambda: service.tasks.UndeleteTask(UndeleteTaskRequest(name=seeded.choice([*top, *below]))),
        lambda: update_task(service, Task(name=seeded.choice(below), project=seeded.choice(projects))),
    ]

    async def caller() -> None:
        for _ in range(calls):
            await attempted(seeded.choice(acts)())

    await asyncio.gather(*(caller() for _ in range(6)))
    assert await select(service.database_url, STRAYS) == []
