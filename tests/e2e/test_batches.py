"""BatchGetTasks: in the order asked, all or nothing, and within its bounds."""

import asyncio

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from tests.e2e.batching import batch_create, batch_get, draft, refused_at
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, deleted_task, make_task, make_user
from tests.e2e.refusals import refused

Code = grpc.StatusCode


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def test_tasks_come_in_the_order_asked_deleted_and_repeated_ones_too(service: Service, owner: str) -> None:
    first, second = await make_task(service, owner), await make_task(service, owner, tags=["a"])
    gone = await deleted_task(service, owner)
    asked = [second, gone, first, second]
    assert await batch_get(service, owner, [task.name for task in asked]) == asked


async def test_me_stands_in_parent_and_names(service: Service) -> None:
    task = await make_task(service, "users/me")
    name = f"users/me/tasks/{task.name.rpartition('/')[2]}"
    assert await batch_get(service, "users/me", [name]) == [task]


async def test_one_missing_task_fails_the_batch_and_is_named(service: Service, owner: str) -> None:
    task = await make_task(service, owner)
    missing = f"{owner}/{NO_TASK}"
    call = batch_get(service, owner, [task.name] * 17 + [missing, task.name])
    refusal = await refused_at("names[17]", call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_name == missing


async def test_names_below_another_parent_are_refused_by_their_place(service: Service, owner: str) -> None:
    task, other = await make_task(service, owner), await make_task(service, (await make_user(service)).name)
    call = batch_get(service, owner, [task.name, other.name, "users/-/tasks/x", other.name])
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["names[2]"]
    call = batch_get(service, owner, [task.name, other.name, task.name, other.name])
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["names[1]", "names[3]"]


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_one_to_500_names(service: Service, owner: str, count: int) -> None:
    refusal = await refused(batch_get(service, owner, [""] * count), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["names"]


async def test_a_batch_of_half_a_million_empty_names_is_refused_by_its_length_alone(
    service: Service, owner: str
) -> None:
    """To name the fault of each would hold the loop, and with it every other call, for seconds."""
    async with asyncio.timeout(2.0):
        await refused(batch_get(service, owner, [""] * 500_000), Code.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_a_batch_beyond_one_answer_says_how_many_fit(service: Service, owner: str) -> None:
    made = await batch_create(service, owner, [draft(description="x" * 10_000)] * 2)
    names = [task.name for task in made] * 250
    refusal = await refused(batch_get(service, owner, names), Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    fit = int(refusal.only(details.ErrorInfo).metadata["fit"])
    assert str(fit) in refusal.message
    assert len(await batch_get(service, owner, names[:fit])) == fit
    await refused(batch_get(service, owner, names[: fit + 1]), Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
