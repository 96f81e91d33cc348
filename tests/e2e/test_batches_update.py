"""BatchUpdateTasks: each item with a mask and an etag of its own, all changed or none, in the order of the requests."""

from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import UpdateTaskRequest
from tests.e2e.batching import batch_create, batch_get, batch_update, draft, patch, refused_at, tasks_of
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, make_task, make_user, update_task
from tests.e2e.refusals import refused

Code = grpc.StatusCode
FULL: dict[str, Any] = {
    "description": "By post",
    "priority": Task.URGENT,
    "due_time": {"seconds": 1_900_000_000, "nanos": 123_456_000},
    "tags": ["home", "work"],
    "metadata": {"a.b": 1, "c": {"d": [None]}},
}


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def made(service: Service, owner: str, count: int, **fields: Any) -> list[Task]:
    return await batch_create(service, owner, [draft(title=f"Letter {number}", **fields) for number in range(count)])


def alike(task: Task, other: Task) -> bool:
    """But for what every write changes."""
    pair = [Task.FromString(one.SerializeToString()) for one in (task, other)]
    for one in pair:
        for own in ("name", "create_time", "update_time", "etag"):
            one.ClearField(own)
    return pair[0] == pair[1]


MASKS: list[tuple[str, ...]] = [
    (),
    ("*",),
    ("title",),
    ("description", "due_time"),
    ("tags",),
    ("priority", "project"),
    ("metadata",),
    ("metadata.`a.b`", "metadata.new", "metadata.gone"),
    ("title", "metadata.c"),
]


async def test_each_item_writes_what_its_own_mask_names_as_alone(service: Service, owner: str) -> None:
    """What a mask names and the request does not have is cleared; the other fields stay as they are."""
    changed: dict[str, Any] = {"title": "Send it", "tags": ["new"], "metadata": {"new": [1], "a.b": "other"}}
    before = await made(service, owner, len(MASKS), **FULL)
    single = [await make_task(service, owner, title=task.title, **FULL) for task in before]
    alone = [
        await update_task(service, Task(name=task.name, **changed), *mask)
        for task, mask in zip(single, MASKS, strict=True)
    ]
    requests = [patch(task.name, *mask, **changed) for task, mask in zip(before, MASKS, strict=True)]
    together = await batch_update(service, owner, requests)
    assert [task.name for task in together] == [task.name for task in before]
    for mask, one, other in zip(MASKS, together, alone, strict=True):
        assert alike(one, other), mask
    assert together == await batch_get(service, owner, [task.name for task in before])


async def test_500_tasks_come_in_the_order_of_the_requests(service: Service, owner: str) -> None:
    tasks = await made(service, owner, 500)
    changed = await batch_update(service, owner, [patch(task.name, title=task.name[-4:]) for task in reversed(tasks)])
    assert [task.title for task in changed] == [task.name[-4:] for task in reversed(tasks)]
    assert {task.version for task in changed} == {2}


async def test_items_that_change_nothing_keep_version_and_time(service: Service, owner: str) -> None:
    before = await made(service, owner, 3, **FULL)
    requests = [
        patch(before[0].name, title=before[0].title, **FULL),
        patch(before[1].name, "title", title="Another"),
        patch(before[2].name, "metadata.`a.b`", "metadata.gone", metadata={"a.b": 1}),
    ]
    after = await batch_update(service, owner, requests)
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1].version == 2
    assert await batch_update(service, owner, [UpdateTaskRequest(task=Task(name=before[0].name))]) == [before[0]]


async def test_a_stale_etag_in_item_17_refuses_the_batch(service: Service, owner: str) -> None:
    tasks = await made(service, owner, 20)
    await update_task(service, Task(name=tasks[17].name, title="Meanwhile"), "title")
    await update_task(service, Task(name=tasks[19].name, title="Meanwhile"), "title")
    requests = [patch(task.name, "title", title="Mine", etag=task.etag) for task in tasks]
    refusal = await refused_at("requests[17]", batch_update(service, owner, requests), Code.ABORTED, "ETAG_MISMATCH")
    assert refusal.only(details.ResourceInfo).resource_name == tasks[17].name
    assert "Mine" not in {task.title for task in await tasks_of(service, owner)}
    del requests[17], requests[18]
    assert {task.title for task in await batch_update(service, owner, requests)} == {"Mine"}


async def test_a_missing_or_deleted_task_refuses_the_batch(service: Service, owner: str) -> None:
    task, gone = await make_task(service, owner), await deleted_task(service, owner)
    for name, code, reason in (
        (f"{owner}/{NO_TASK}", Code.NOT_FOUND, "RESOURCE_NOT_FOUND"),
        (gone.name, Code.FAILED_PRECONDITION, "RESOURCE_DELETED"),
    ):
        call = batch_update(service, owner, [patch(task.name, title="Mine"), patch(name, title="Mine")])
        refusal = await refused_at("requests[1]", call, code, reason)
        assert refusal.only(details.ResourceInfo).resource_name == name
    assert await tasks_of(service, owner) == [task]
    call = batch_update(service, NO_USER, [patch(f"{NO_USER}/{NO_TASK}", title="Mine")])
    await refused_at("requests[0]", call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_with_allow_missing_what_is_there_is_changed_and_the_rest_made(service: Service, owner: str) -> None:
    """Also where the one names the other as its parent, in whatever order."""
    task = await make_task(service, owner, description="Kept")
    names = [f"{owner}/tasks/{uuid4()}" for _ in range(2)]
    requests = [
        patch(names[0], "title", allow_missing=True, title="Below", parent_task=task.name, description="By post"),
        patch(task.name, "title", "parent_task", allow_missing=True, title="Changed", parent_task=names[1]),
        patch(names[1], allow_missing=True, title="Above"),
    ]
    below, changed, above = await batch_update(service, owner, requests)
    assert (below.title, below.description, below.parent_task) == ("Below", "By post", task.name)
    assert (changed.version, changed.title, changed.description, changed.parent_task) == (
        2,
        "Changed",
        "Kept",
        names[1],
    )
    assert (above.name, above.title, above.version) == (names[1], "Above", 1)
    again = await batch_update(service, owner, requests)
    assert again == [below, changed, above]


async def test_what_cannot_be_made_is_refused_only_where_it_is_missing(service: Service, owner: str) -> None:
    task, missing = await make_task(service, owner), f"{owner}/{NO_TASK}"
    requests = [patch(name, "description", allow_missing=True, description="No title") for name in (task.name, missing)]
    call = batch_update(service, owner, requests)
    refusal = await refused_at("requests[1]", call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["requests[1].task.title"]
    (changed,) = await batch_update(service, owner, requests[:1])
    assert changed.description == "No title"
    call = batch_update(service, NO_USER, [patch(f"{NO_USER}/{NO_TASK}", allow_missing=True, title="Mine")])
    await refused(call, Code.NOT_FOUND, "PARENT_NOT_FOUND")


async def test_merged_metadata_that_breaks_a_limit_is_refused_by_its_place(service: Service, owner: str) -> None:
    full = {f"key-{number}": "x" * 1000 for number in range(15)}
    tasks = await made(service, owner, 2, metadata=full)
    requests = [
        patch(task.name, "metadata.more", metadata={"more": "x" * size})
        for task, size in zip(tasks, (100, 2000), strict=True)
    ]
    call = batch_update(service, owner, requests)
    refusal = await refused_at("requests[1]", call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["requests[1].task.metadata"]
    assert await batch_get(service, owner, [task.name for task in tasks]) == tasks


async def test_a_rehearsal_changes_and_makes_nothing(service: Service, owner: str) -> None:
    task, missing = await make_task(service, owner), f"{owner}/{NO_TASK}"
    requests = [patch(task.name, title="Mine"), patch(missing, allow_missing=True, title="New", tags=["a"])]
    changed, made_ = await batch_update(service, owner, requests, validate_only=True)
    assert (changed.title, changed.version, made_.name, made_.version) == ("Mine", 2, missing, 1)
    assert await tasks_of(service, owner) == [task]


async def test_an_answer_beyond_its_bound_changes_nothing(service: Service, owner: str) -> None:
    tasks = [task for _ in range(4) for task in await made(service, owner, 25, description="\U0001f6eb" * 10_000)]
    call = batch_update(service, owner, [patch(task.name, title="Mine") for task in tasks])
    refusal = await refused(call, Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    fit = int(refusal.only(details.ErrorInfo).metadata["fit"])
    assert 70 < fit < 80
    assert {task.version for task in await tasks_of(service, owner)} == {1}
    changed = await batch_update(service, owner, [patch(task.name, title="Mine") for task in tasks[:fit]])
    assert {task.title for task in changed} == {"Mine"}
