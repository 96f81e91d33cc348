"""Tasks moved below others by a batch: what counts is where they stand when all of it is done."""

from itertools import pairwise

import grpc
import pytest

from taxiway.v1.task_service_pb2 import CompleteTaskRequest
from tests.e2e.batching import batch_create, batch_update, draft, patch, refused_at
from tests.e2e.conftest import Service
from tests.e2e.making import make_user

Code = grpc.StatusCode


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def test_a_ring_that_the_batch_closes_is_a_cycle_and_one_that_it_opens_is_none(
    service: Service, owner: str
) -> None:
    first, second, third = await batch_create(service, owner, [draft()] * 3)
    ring = [
        patch(first.name, parent_task=second.name),
        patch(second.name, parent_task=third.name),
        patch(third.name, parent_task=first.name),
    ]
    await refused_at("requests[0]", batch_update(service, owner, ring), Code.FAILED_PRECONDITION, "CYCLE")
    await batch_update(service, owner, ring[:2])
    await refused_at("requests[0]", batch_update(service, owner, ring[2:]), Code.FAILED_PRECONDITION, "CYCLE")
    turned = [ring[2], patch(first.name, "parent_task"), patch(second.name, parent_task=third.name)]
    turned[2].task.parent_task = third.name
    after = await batch_update(service, owner, turned)
    assert [task.parent_task for task in after] == [first.name, "", third.name]


async def test_the_levels_are_those_after_the_whole_batch(service: Service, owner: str) -> None:
    tasks = await batch_create(service, owner, [draft()] * 9)
    names = [task.name for task in tasks]
    below = [patch(name, parent_task=above) for above, name in pairwise(names)]
    call = batch_update(service, owner, below)
    await refused_at("requests[7]", call, Code.FAILED_PRECONDITION, "TOO_DEEP")
    await batch_update(service, owner, below[:7])
    call = batch_update(service, owner, [patch(names[0], parent_task=names[8])])
    await refused_at("requests[0]", call, Code.FAILED_PRECONDITION, "TOO_DEEP")
    moved = [patch(names[0], parent_task=names[8]), patch(names[7], "parent_task")]
    assert [task.parent_task for task in await batch_update(service, owner, moved)] == [names[8], ""]


async def test_an_open_task_is_not_moved_below_a_completed_one(service: Service, owner: str) -> None:
    done, task = await batch_create(service, owner, [draft()] * 2)
    await service.tasks.CompleteTask(CompleteTaskRequest(name=done.name))
    call = batch_update(service, owner, [patch(done.name, title="Done"), patch(task.name, parent_task=done.name)])
    refusal = await refused_at("requests[1]", call, Code.FAILED_PRECONDITION, "PARENT_COMPLETED")
    assert refusal.fields == ["requests[1].task.parent_task"]
