"""What every batch of tasks that writes has in common: its bounds, and that the fault of an item names the item."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.message import Message

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.user_service_pb2 import DeleteUserRequest
from tests.e2e.batching import batch_create, draft, patch, refused_at, tasks_of
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, make_user
from tests.e2e.refusals import Refusal, read, refused

Code = grpc.StatusCode
INVALID = (Code.INVALID_ARGUMENT, "INVALID_FIELD")
ALL = ("Create", "Update", "Delete")
Send = Callable[..., Awaitable[Any]]


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


def sent(service: Service, kind: str, parent: str, items: Sequence[Message], **options: Any) -> Awaitable[Any]:
    request = getattr(pb, f"Batch{kind}TasksRequest")(parent=parent, requests=items, **options)
    call: Awaitable[Any] = getattr(service.tasks, f"Batch{kind}Tasks")(request)
    return call


def item(kind: str, owner: str, task_id: str = "") -> Any:
    """One that a batch takes, as far as the request alone tells."""
    name = f"{owner}/tasks/{task_id or uuid4()}"
    if kind == "Create":
        return draft(task_id)
    return patch(name, title="Changed") if kind == "Update" else pb.DeleteTaskRequest(name=name)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_one_to_500_items(service: Service, owner: str, kind: str, count: int) -> None:
    """Nothing of the items is looked at."""
    wrong = [item(kind, owner).__class__()] * count
    refusal = await refused(sent(service, kind, owner, wrong), *INVALID)
    assert refusal.fields == ["requests"]


@pytest.mark.parametrize("kind", ALL)
async def test_a_batch_of_half_a_million_items_is_refused_by_their_number_alone(
    service: Service, owner: str, kind: str
) -> None:
    """To name the fault of each would hold the loop, and with it every other call, for seconds."""
    async with asyncio.timeout(3.0):
        await refused(sent(service, kind, owner, [item(kind, owner).__class__()] * 500_000), *INVALID)


@pytest.mark.parametrize("kind", ALL)
async def test_a_task_comes_once_and_the_second_is_named(service: Service, owner: str, kind: str) -> None:
    same = str(uuid4())
    items = [item(kind, owner), item(kind, owner, same), item(kind, owner), item(kind, owner, same)]
    field = {"Create": "task_id", "Update": "task.name", "Delete": "name"}[kind]
    refusal = await refused_at("requests[3]", sent(service, kind, owner, items), *INVALID)
    assert refusal.fields == [f"requests[3].{field}"]
    assert "requests[1]" in refusal.message


@pytest.mark.parametrize("kind", ["Update", "Delete"])
async def test_a_task_of_another_parent_is_refused_though_the_caller_may_write_it(
    service: Service, owner: str, kind: str
) -> None:
    other = await make_task(service, (await make_user(service)).name)
    items = [item(kind, owner), item(kind, *other.name.split("/tasks/"))]
    refusal = await refused_at("requests[1]", sent(service, kind, owner, items), *INVALID)
    assert refusal.fields == ["requests[1].task.name" if kind == "Update" else "requests[1].name"]


@pytest.mark.parametrize("kind", ALL)
async def test_an_item_has_neither_a_request_id_nor_a_rehearsal_of_its_own(
    service: Service, owner: str, kind: str
) -> None:
    first, second = item(kind, owner), item(kind, owner)
    first.validate_only, second.request_id = True, str(uuid4())
    refusal = await refused_at("requests[1]", sent(service, kind, owner, [item(kind, owner), first, second]), *INVALID)
    assert refusal.fields == ["requests[1].validate_only", "requests[2].request_id"]


async def test_the_faults_of_all_items_are_named_field_by_field(service: Service, owner: str) -> None:
    wrong = draft(title="", tags=["x" * 61], project="nonsense", metadata={"x": float("nan")})
    refusal = await refused_at("requests[17]", batch_create(service, owner, [*[draft()] * 17, wrong, wrong]), *INVALID)
    fields = ["title", "tags", "project", "metadata"]
    assert sorted(refusal.fields) == sorted(f"requests[{n}].task.{field}" for n in (17, 18) for field in fields)


async def test_at_most_20_faults_are_named_in_the_order_of_the_items(service: Service, owner: str) -> None:
    refusal = await refused_at("requests[0]", batch_create(service, owner, [draft(title="")] * 500), *INVALID)
    assert refusal.fields == [f"requests[{number}].task.title" for number in range(20)]
    assert "499 more" in refusal.message


async def test_a_mask_that_is_wrong_is_that_of_its_item(service: Service, owner: str) -> None:
    items = [item("Update", owner), patch(item("Update", owner).task.name, "state", "titel")]
    refusal = await refused_at("requests[1]", sent(service, "Update", owner, items), *INVALID)
    assert refusal.fields == ["requests[1].update_mask"] * 2


async def _outcome(call: Awaitable[Any]) -> tuple[Any, Refusal | None]:
    try:
        return await call, None
    except grpc.aio.AioRpcError as error:
        return None, read(error)


@pytest.mark.parametrize("kind", ALL)
async def test_a_repeat_of_a_request_id_gets_the_answer_of_the_first(service: Service, owner: str, kind: str) -> None:
    task = await make_task(service, owner)
    items = [item(kind, owner, "" if kind == "Create" else task.name.rpartition("/")[2])]
    request_id = str(uuid4())
    first = await sent(service, kind, owner, items, request_id=request_id)
    call = sent(service, kind, owner, items, request_id=request_id)
    assert await call == first
    trailers: Any = await call.trailing_metadata()  # type: ignore[attr-defined]  # it is a call
    assert ("taxiway-replayed", "true") in tuple(trailers)
    assert len(await tasks_of(service, owner)) == {"Create": 2, "Update": 1, "Delete": 0}[kind]


@pytest.mark.parametrize("kind", ALL)
async def test_a_request_id_stands_for_all_items_and_their_order(service: Service, owner: str, kind: str) -> None:
    tasks = [(await make_task(service, owner)).name.rpartition("/")[2] for _ in range(2)]
    items = [item(kind, owner, str(uuid4()) if kind == "Create" else task) for task in tasks]
    request_id = str(uuid4())
    await sent(service, kind, owner, items, request_id=request_id)
    reused = (Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    for others in (items[:1], items[::-1]):
        _, refusal = await _outcome(sent(service, kind, owner, others, request_id=request_id))
        assert refusal is not None
        assert (refusal.code, refusal.reason) == reused


async def test_maps_in_another_order_are_the_same_batch(service: Service, owner: str) -> None:
    request_id, pairs = str(uuid4()), [("b", 1), ("a", {"d": 1, "c": 2})]
    first = await batch_create(service, owner, [draft(metadata=dict(pairs))], request_id=request_id)
    again = await batch_create(service, owner, [draft(metadata=dict(reversed(pairs)))], request_id=request_id)
    assert again == first


@pytest.mark.parametrize("kind", ["Update", "Delete"])
async def test_below_a_deleted_owner_nothing_is_written(service: Service, kind: str) -> None:
    """Nor with `allow_missing`: what is there of such an owner is not missing."""
    owner = (await make_user(service)).name
    task = await make_task(service, owner)
    await service.users.DeleteUser(DeleteUserRequest(name=owner))
    items = [item(kind, owner, task.name.rpartition("/")[2])]
    for allow_missing in (False, True):
        items[0].allow_missing = allow_missing
        call = sent(service, kind, owner, items)
        await refused_at("requests[0]", call, Code.FAILED_PRECONDITION, "OWNER_DELETED")
    assert await service.tasks.GetTask(pb.GetTaskRequest(name=task.name)) == task
