"""ImportTasks: which rows are taken over, and which are refused with their line."""

from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from service.tasks import importing
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, GetTaskRequest, ImportTasksResponse, TaskImport
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, make_task, make_user
from tests.e2e.rows import run, select
from tests.e2e.task_imports import count, failed, imported, row


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


WHEN, LATER = Timestamp(seconds=1_700_000_000), Timestamp(seconds=1_700_000_100)


async def get(service: Service, parent: str, task_id: str) -> Task:
    return await service.tasks.GetTask(GetTaskRequest(name=f"{parent}/tasks/{task_id}"))


async def make_project(service: Service, parent: str, *, deleted: bool = False) -> str:
    owner, project = parent.removeprefix("users/"), str(uuid4())
    times = "now(), now() + interval '30 days'" if deleted else "NULL, NULL"
    await run(
        service.database_url,
        "INSERT INTO projects (owner_id, id, display_name, description, color, created_by, updated_by, deleted_at,"
        f" purge_at) VALUES ('{owner}', '{project}', 'P', '', '#3B82F6', '{owner}', '{owner}', {times})",
    )
    return f"{parent}/projects/{project}"


async def test_every_field_of_a_row_is_taken_over(service: Service) -> None:
    parent, task_id, above = (await make_user(service)).name, str(uuid4()), str(uuid4())
    given = Task(
        title="Paint the fence",
        description="Twice",
        priority=Task.URGENT,
        due_time=LATER,
        tags=["Home", "at  work"],
        project=await make_project(service, parent),
        parent_task=f"{parent}/tasks/{above}",
        state=Task.COMPLETED,
        start_time=WHEN,
        complete_time=LATER,
    )
    given.metadata.update({"color": "red", "sizes": [1, 2.5]})
    response = await imported(service, parent, [TaskImport(task=given, task_id=task_id), row(above)])
    assert response == ImportTasksResponse(created=2)
    task = await get(service, parent, task_id)
    for field in ("title", "description", "priority", "due_time", "project", "parent_task", "state", "start_time"):
        assert getattr(task, field) == getattr(given, field), field
    assert (task.complete_time, task.metadata, list(task.tags)) == (LATER, given.metadata, ["at work", "home"])
    assert (task.version, task.creator) == (1, task.updater)


async def test_state_and_times_are_taken_over_where_they_fit_together(service: Service) -> None:
    parent = (await make_user(service)).name
    started, ended = {"start_time": WHEN}, {"complete_time": LATER}
    fitting: list[dict[str, Any]] = [
        {},
        {"state": Task.OPEN},
        {"state": Task.IN_PROGRESS, **started},
        {"state": Task.IN_PROGRESS},
        {"state": Task.CANCELLED, **started},
        {"state": Task.COMPLETED, **started, **ended},
        {"state": Task.COMPLETED, **ended},
    ]
    refused_ones: list[tuple[dict[str, Any], str]] = [
        ({"state": 17}, "task.state"),
        (started, "task.start_time"),
        (ended, "task.complete_time"),
        ({"state": Task.CANCELLED, **ended}, "task.complete_time"),
        ({"state": Task.IN_PROGRESS, "start_time": Timestamp(seconds=-1)}, "task.start_time"),
        ({"state": Task.COMPLETED, "complete_time": Timestamp(nanos=-1)}, "task.complete_time"),
    ]
    rows = [row(**fields) for fields in [*fitting, *(fields for fields, _ in refused_ones)]]
    response = await imported(service, parent, rows)
    assert response.created == len(fitting)
    assert failed(response) == [(8 + at, "INVALID_FIELD", field) for at, (_, field) in enumerate(refused_ones)]


async def test_a_completed_task_without_a_time_is_completed_now(service: Service) -> None:
    parent, task_id = (await make_user(service)).name, str(uuid4())
    await imported(service, parent, [row(task_id, state=Task.COMPLETED)])
    task = await get(service, parent, task_id)
    assert task.complete_time == task.create_time


async def test_rows_that_break_a_rule_are_named_and_the_others_are_kept(service: Service) -> None:
    parent, taken, twice = (await make_user(service)).name, str(uuid4()), str(uuid4())
    other = (await make_task(service, (await make_user(service)).name)).name
    await imported(service, parent, [row(taken)])
    await service.tasks.DeleteTask(DeleteTaskRequest(name=f"{parent}/tasks/{taken}"))
    gone = await make_project(service, parent, deleted=True)
    first = [row(), row(title=""), row(taken), row(twice), row(twice), row("X"), row(tags=[""])]
    second = [
        row(line=41),
        row(line=42, due_time=Timestamp(seconds=-1)),
        row(line=43, project=gone),
        row(parent_task=f"{parent}/{NO_TASK}"),
        row(line=-1),
        row(parent_task=f"{parent}/tasks/{taken}"),
        row(parent_task=other),
        TaskImport(),
        row(parent_task=f"{parent}/tasks/{twice}"),
    ]
    response = await imported(service, parent, first, second)
    assert response.created == 4
    invalid, exists, missing = "INVALID_FIELD", "RESOURCE_ALREADY_EXISTS", "PARENT_NOT_FOUND"
    assert failed(response) == [
        (2, invalid, "task.title"),
        (3, exists, "task_id"),
        (5, exists, "task_id"),
        (6, invalid, "task_id"),
        (7, invalid, "task.tags"),
        (42, invalid, "task.due_time"),
        (43, missing, "task.project"),
        (11, missing, "task.parent_task"),
        (12, invalid, "line"),
        (13, missing, "task.parent_task"),
        (14, invalid, "task.parent_task"),
        (15, invalid, "task.title"),
    ]
    assert await count(service, parent) == 1 + response.created


async def test_what_stands_below_a_refused_row_is_refused_with_it(service: Service) -> None:
    parent, ids = (await make_user(service)).name, [str(uuid4()) for _ in range(4)]
    names = [f"{parent}/tasks/{task_id}" for task_id in ids]
    gone = await make_project(service, parent, deleted=True)
    rows = [
        row(ids[2], parent_task=names[1], tags=["nobody's"]),
        row(ids[1], parent_task=names[0]),
        row(ids[0], project=gone),
        row(ids[3], state=Task.COMPLETED),
        row(parent_task=names[3]),
    ]
    response = await imported(service, parent, rows)
    missing = "PARENT_NOT_FOUND"
    assert failed(response) == [
        (1, missing, "task.parent_task"),
        (2, missing, "task.parent_task"),
        (3, missing, "task.project"),
        (5, "PARENT_COMPLETED", "task.parent_task"),
    ]
    assert response.created == 1
    owner = parent.removeprefix("users/")
    assert await select(service.database_url, f"SELECT key FROM tags WHERE owner_id = '{owner}'") == []


async def test_parents_are_found_in_the_message_and_in_those_before_to_the_8th_level(service: Service) -> None:
    parent, ids = (await make_user(service)).name, [str(uuid4()) for _ in range(10)]
    chain = [row(ids[0])] + [row(below, parent_task=f"{parent}/tasks/{above}") for above, below in pairwise(ids)]
    response = await imported(service, parent, chain[:3], [*reversed(chain[3:])])
    assert response.created == 8
    assert failed(response) == [(4, "TOO_DEEP", "task.parent_task"), (5, "TOO_DEEP", "task.parent_task")]
    cycle = [row(ids[9], parent_task=f"{parent}/tasks/{ids[8]}"), row(ids[8], parent_task=f"{parent}/tasks/{ids[9]}")]
    assert failed(await imported(service, parent, cycle)) == [(at, "CYCLE", "task.parent_task") for at in (1, 2)]


async def test_the_first_1000_failures_are_named_and_all_are_counted(service: Service) -> None:
    parent = (await make_user(service)).name
    response = await imported(service, parent, *[[row(title="")] * 500] * 3)
    assert (response.created, response.failed, len(response.failures)) == (0, 1500, importing.FAILURES)
    assert response.failures[-1].line == importing.FAILURES


async def test_500_rows_fit_into_one_message(service: Service) -> None:
    assert (await imported(service, (await make_user(service)).name, [row() for _ in range(500)])).created == 500
