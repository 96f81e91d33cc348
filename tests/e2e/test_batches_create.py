"""BatchCreateTasks: all tasks or none, in the order of the requests, some of them below others that come with them."""

from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CompleteTaskRequest, CreateTaskRequest
from tests.e2e.batching import batch_create, draft, refused_at, tasks_of
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, deleted_user, make_task, make_user
from tests.e2e.refusals import refused

Code = grpc.StatusCode
TOO_DEEP = (Code.FAILED_PRECONDITION, "TOO_DEEP")
FULL: dict[str, Any] = {
    "description": 'Ink, "blue"\\\nand black \U0001f6eb',
    "priority": Task.URGENT,
    "due_time": {"seconds": 1_900_000_000, "nanos": 123_456_000},
    "tags": ["Work", "at  home"],
    "metadata": {"a.b": [1, 0.5, None, True, {"c": "d"}], "e": ""},
}


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


def chain(owner: str, levels: int, top: str = "") -> list[CreateTaskRequest]:
    """Tasks each below the one before, the first below `top`."""
    requests = []
    for _ in range(levels):
        task_id = str(uuid4())
        requests.append(draft(task_id, parent_task=top))
        top = f"{owner}/tasks/{task_id}"
    return requests


async def test_a_task_is_made_as_it_is_alone(service: Service, owner: str) -> None:
    (made,), alone = await batch_create(service, owner, [draft(**FULL)]), await make_task(service, owner, **FULL)
    assert made.state == Task.OPEN
    assert made.name
    for task in (made, alone):
        for own in ("name", "create_time", "update_time", "etag"):
            assert getattr(task, own)
            task.ClearField(own)
    assert made == alone


async def test_500_tasks_come_in_the_order_of_the_requests(service: Service, owner: str) -> None:
    requests = [draft(str(uuid4()) if number % 2 else "", title=f"Letter {number}") for number in range(500)]
    made = await batch_create(service, owner, requests)
    assert [task.title for task in made] == [request.task.title for request in requests]
    assert all(
        task.name == f"{owner}/tasks/{request.task_id}"
        for task, request in zip(made[1::2], requests[1::2], strict=True)
    )
    assert sorted(task.name for task in await tasks_of(service, owner)) == sorted(task.name for task in made)


async def test_an_item_may_name_the_parent_of_the_batch_and_no_other(service: Service) -> None:
    me = (await make_task(service, "users/me")).creator
    named = [CreateTaskRequest(parent=parent, task=draft().task) for parent in ("users/me", me, "")]
    assert len(await batch_create(service, me, named)) == 3
    other = CreateTaskRequest(parent=NO_USER, task=draft().task)
    call = batch_create(service, "users/me", [draft(), other, draft(), other])
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["requests[1].parent", "requests[3].parent"]


async def test_a_task_may_be_below_another_that_comes_after_it(service: Service, owner: str) -> None:
    requests = chain(owner, 8)
    made = await batch_create(service, owner, reversed(requests))
    assert [task.parent_task for task in made] == [request.task.parent_task for request in reversed(requests)]


async def test_a_ninth_level_within_a_batch_is_too_deep(service: Service, owner: str) -> None:
    await refused_at("requests[8]", batch_create(service, owner, chain(owner, 9)), *TOO_DEEP)
    top = (await make_task(service, owner)).name
    await refused_at("requests[7]", batch_create(service, owner, chain(owner, 8, top)), *TOO_DEEP)
    assert len(await batch_create(service, owner, chain(owner, 7, top))) == 7


async def test_a_ring_of_tasks_within_a_batch_is_a_cycle(service: Service, owner: str) -> None:
    requests = chain(owner, 3)
    requests[0].task.parent_task = f"{owner}/tasks/{requests[2].task_id}"
    call = batch_create(service, owner, [draft(), *requests])
    refusal = await refused_at("requests[1]", call, Code.FAILED_PRECONDITION, "CYCLE")
    assert refusal.fields == ["requests[1].task.parent_task"]
    itself = [draft(), draft(requests[0].task_id, parent_task=f"{owner}/tasks/{requests[0].task_id}")]
    call = batch_create(service, owner, itself)
    refusal = await refused_at("requests[1]", call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["requests[1].task.parent_task"]
    assert await tasks_of(service, owner) == []


async def test_the_first_item_that_is_refused_is_named_whatever_it_is_for(service: Service, owner: str) -> None:
    missing, gone = f"{owner}/{NO_TASK}", (await deleted_task(service, owner)).name
    done = (await make_task(service, owner)).name
    await service.tasks.CompleteTask(CompleteTaskRequest(name=done))
    project = draft(project=f"{owner}/projects/{uuid4()}")
    wrong = {
        "PARENT_NOT_FOUND": [draft(parent_task=missing), draft(parent_task=gone), project],
        "PARENT_COMPLETED": [draft(parent_task=done)],
    }
    for reason, items in wrong.items():
        for item in items:
            call = batch_create(service, owner, [*[draft()] * 17, item, *wrong["PARENT_COMPLETED"]])
            refusal = await refused_at("requests[17]", call, Code.FAILED_PRECONDITION, reason)
            field = "project" if item is project else "parent_task"
            assert refusal.fields == [f"requests[17].task.{field}"]


async def test_an_id_that_is_taken_refuses_the_item_that_asks_for_it(service: Service, owner: str) -> None:
    taken = (await deleted_task(service, owner)).name
    requests = [draft(), draft(taken.rpartition("/")[2])]
    call = batch_create(service, owner, requests)
    refusal = await refused_at("requests[1]", call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert refusal.only(details.ResourceInfo).resource_name == taken
    call = batch_create(service, owner, requests[1:])
    await refused_at("requests[0]", call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert await tasks_of(service, owner) == []


async def test_an_owner_who_does_not_live_has_no_tasks_made(service: Service) -> None:
    gone = (await deleted_user(service)).name
    for tags in ([], ["a"]):
        call = batch_create(service, NO_USER, [draft(tags=tags)] * 2)
        await refused(call, Code.NOT_FOUND, "PARENT_NOT_FOUND")
        await refused(batch_create(service, gone, [draft(tags=tags)] * 2), Code.FAILED_PRECONDITION, "OWNER_DELETED")


async def test_a_fault_in_item_499_leaves_nothing(service: Service, owner: str) -> None:
    """Whether it is found before anything is written, or by the database."""
    taken = (await deleted_task(service, owner)).name.rpartition("/")[2]
    good = [draft(tags=[f"tag {number}"]) for number in range(499)]
    call = batch_create(service, owner, [*good, draft(title="")])
    await refused_at("requests[499]", call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    call = batch_create(service, owner, [*good, draft(taken)])
    await refused_at("requests[499]", call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert await tasks_of(service, owner) == []


async def test_a_rehearsal_answers_what_would_be_made_without_the_ids_of_the_server(
    service: Service, owner: str
) -> None:
    task_id = str(uuid4())
    first, second = await batch_create(service, owner, [draft(**FULL), draft(task_id)], validate_only=True)
    assert (first.name, second.name) == ("", f"{owner}/tasks/{task_id}")
    assert first.tags == ["at home", "work"]
    refusal = batch_create(service, owner, [draft(), draft(parent_task=f"{owner}/{NO_TASK}")], validate_only=True)
    await refused_at("requests[1]", refusal, Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
    assert await tasks_of(service, owner) == []


async def test_an_answer_that_grows_beyond_its_bound_makes_nothing(service: Service, owner: str) -> None:
    """In NFC each of these characters is three: what was sent within 1 MiB does not fit into 3."""
    requests = [draft(description="\U0001d160" * 3000)] * 87
    refusal = await refused(batch_create(service, owner, requests), Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    fit = int(refusal.only(details.ErrorInfo).metadata["fit"])
    assert await tasks_of(service, owner) == []
    assert len(await batch_create(service, owner, requests[:fit])) == fit
