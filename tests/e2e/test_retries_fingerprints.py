"""When two calls are the same request: whatever the order on the wire, and not where any part of them differs."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.encoding import field, struct
from tests.e2e.making import NO_TASK, make_project, make_task, make_user
from tests.e2e.methods import Method
from tests.e2e.refusals import refused
from tests.e2e.repeats import named, sent
from tests.e2e.rows import unchanged

MANY = [f"key {number}" for number in range(100)]  # a few come in the same order however they were written
KEYS = ["b", "a", "\u00e9", "z", "deep", *MANY]
VALUES: dict[str, Any] = {"b": 1, "a": [1.5, None], "\u00e9": "x", "z": True, "deep": {"z": {"b": 1, "a": 2}, "a": {}}}
VALUES |= dict.fromkeys(MANY, 0)
METADATA = 20  # the field of Task
TASK_IN: dict[str, Callable[[bytes], bytes]] = {
    "CreateTask": lambda task: field(3, task),
    "UpdateTask": lambda task: field(1, task),
    "BatchCreateTasks": lambda task: field(2, field(3, task)),
    "BatchUpdateTasks": lambda task: field(2, field(1, task)),
    "ImportTasks": lambda task: field(2, field(2, task)),
}


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


def kept(values: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(values)
    return made


async def bare(service: Service, owner: str, method: Method) -> tuple[Message, Task]:
    """A request without its task, and the task."""
    request: Any = method.request(request_id=str(uuid4()))
    if "parent" in method.descriptor.input_type.fields_by_name:
        request.parent = owner
    if not method.name.endswith(("UpdateTask", "UpdateTasks")):
        return request, Task(title="Write")
    return request, Task(name=(await make_task(service, owner)).name, title="Write")


async def test_maps_in_another_order_on_the_wire_are_the_same_request(service: Service, owner: str) -> None:
    """Objects inside of each other too, in every method that takes metadata."""
    for name, inside in TASK_IN.items():
        method = named(name)
        request, task = await bare(service, owner, method)
        encoded = [
            request.SerializeToString() + inside(task.SerializeToString() + field(METADATA, struct(VALUES, keys)))
            for keys in (KEYS, KEYS[::-1], sorted(KEYS))
        ]
        assert len(set(encoded)) == 3
        told = [await sent(service.channel, method, data) for data in encoded]
        assert told == [(told[0][0], False), (told[0][0], True), (told[0][0], True)], name


async def test_words_keys_and_paths_in_another_order_are_the_same_request(service: Service, owner: str) -> None:
    task = await make_task(service, owner, metadata=kept({"a": 1, "b": 1}))
    paths, tags = ["metadata.a", "tags", "metadata.`c`", "title"], ["b", "a", "c"]
    given = Task(name=task.name, title="Caf\u00e9", tags=tags, metadata=kept({"a": 2}))
    other = Task(name=task.name, title="Cafe\u0301", tags=tags[::-1], metadata=kept({"a": 2.0}))
    requests = [
        pb.UpdateTaskRequest(task=given, update_mask=FieldMask(paths=paths)),
        pb.UpdateTaskRequest(task=other, update_mask=FieldMask(paths=paths[::-1])),
    ]
    chosen = str(uuid4())
    for request in requests:
        request.request_id = chosen
    first, second = [await sent(service.channel, named("UpdateTask"), request) for request in requests]
    assert (first[1], second) == (False, (first[0], True))


PARTS: tuple[dict[str, Any], ...] = (
    {},
    {"tags": ["a"]},
    {"tags": ["A"]},  # the same key, and shown another way
    {"tags": ["a", "b"]},
    {"project": "the project"},
    {"parent_task": "the parent"},
    {"metadata": {"a": 1}},
    {"metadata": {"a": 2}},
    {"metadata": {"a": None}},
    {"metadata": {"a": "1"}},
    {"metadata": {"a": True}},
    {"metadata": {"a": [1]}},
    {"metadata": {"b": 1}},
)


async def test_a_task_that_differs_in_any_part_is_another_request(service: Service, owner: str) -> None:
    project, above = await make_project(service, owner), await make_task(service, owner)
    known = {"the project": project.name, "the parent": above.name}
    tasks = [Task(title="Write", **{k: known.get(str(v), v) for k, v in part.items()}) for part in PARTS]
    for place, first in enumerate(tasks):
        request = pb.CreateTaskRequest(parent=owner, task=first, request_id=str(uuid4()))
        made = await service.tasks.CreateTask(request)
        async with unchanged(service.database_url):
            assert await service.tasks.CreateTask(request) == made
            for other in (tasks[place - 1], tasks[place - 2], tasks[place - 3]):
                request.task.CopyFrom(other)
                await _is_reused(service.tasks.CreateTask(request))


async def _is_reused(call: Any) -> None:
    await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")


async def test_what_a_call_is_told_to_do_beside_is_part_of_the_request(service: Service, owner: str) -> None:
    """`force`, `allow_missing`, an etag, a key that is removed or set to null, and the whole field or a key of it."""
    task = await make_task(service, owner, metadata=kept({"a": 1}))
    name = task.name
    half = Task(name=name, metadata=kept({"a": None}))
    groups: list[tuple[str, list[Message]]] = [
        (
            "UpdateTask",
            [
                pb.UpdateTaskRequest(task=half, update_mask=FieldMask(paths=["metadata.a"])),
                pb.UpdateTaskRequest(task=half, update_mask=FieldMask(paths=["metadata"])),
                pb.UpdateTaskRequest(task=Task(name=name), update_mask=FieldMask(paths=["metadata.a"])),
                pb.UpdateTaskRequest(task=Task(name=name), update_mask=FieldMask(paths=["metadata.a", "metadata.b"])),
            ],
        ),
        ("CompleteTask", [pb.CompleteTaskRequest(name=name, force=force) for force in (False, True)]),
        (
            "DeleteTask",
            [
                pb.DeleteTaskRequest(name=name),
                pb.DeleteTaskRequest(name=name, force=True),
                pb.DeleteTaskRequest(name=name, allow_missing=True),
                pb.DeleteTaskRequest(name=name, etag=task.etag),
            ],
        ),
    ]
    for method, requests in groups:
        chosen = str(uuid4())
        for request in requests:
            request.request_id = chosen  # type: ignore[attr-defined]  # every mutation has it
        first, *others = requests
        await sent(service.channel, named(method), first)
        async with unchanged(service.database_url):
            for other in others:
                await _is_reused(sent(service.channel, named(method), other))
            assert (await sent(service.channel, named(method), first))[1]


async def test_a_batch_is_another_request_where_one_item_differs_or_the_order_does(
    service: Service, owner: str
) -> None:
    items = [pb.CreateTaskRequest(task=Task(title=str(number), tags=["a"])) for number in range(20)]
    request = pb.BatchCreateTasksRequest(parent=owner, requests=items, request_id=str(uuid4()))
    made = await service.tasks.BatchCreateTasks(request)
    changed = pb.BatchCreateTasksRequest.FromString(request.SerializeToString())
    changed.requests[17].task.tags[0] = "b"
    turned = pb.BatchCreateTasksRequest(parent=owner, requests=items[::-1], request_id=request.request_id)
    fewer = pb.BatchCreateTasksRequest(parent=owner, requests=items[:-1], request_id=request.request_id)
    async with unchanged(service.database_url):
        for other in (changed, turned, fewer):
            await _is_reused(service.tasks.BatchCreateTasks(other))
        assert await service.tasks.BatchCreateTasks(request) == made


async def test_a_rehearsal_neither_takes_the_id_nor_is_it_a_repeat(service: Service, owner: str) -> None:
    request = pb.CreateTaskRequest(parent=owner, task=Task(title="Write", tags=["new"]), request_id=str(uuid4()))
    dry = pb.CreateTaskRequest.FromString(request.SerializeToString())
    dry.validate_only = True
    async with unchanged(service.database_url):
        assert not (await service.tasks.CreateTask(dry)).name
    made = await service.tasks.CreateTask(request)
    async with unchanged(service.database_url):
        assert not (await service.tasks.CreateTask(dry)).name
        assert await service.tasks.CreateTask(request) == made


async def test_a_refused_tree_leaves_the_id_free(service: Service, owner: str) -> None:
    """A refusal is not stored: once the parent is there, the same request is done."""
    above = f"{owner}/{NO_TASK}"
    task = Task(title="Below", parent_task=above)
    request = pb.CreateTaskRequest(parent=owner, task=task, request_id=str(uuid4()))
    await refused(service.tasks.CreateTask(request), grpc.StatusCode.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
    await make_task_of_id(service, owner, above)
    made = await service.tasks.CreateTask(request)
    assert made.parent_task == above
    assert await service.tasks.CreateTask(request) == made


async def make_task_of_id(service: Service, owner: str, name: str) -> Task:
    request = pb.CreateTaskRequest(parent=owner, task_id=name.rpartition("/")[2], task=Task(title="Above"))
    return await service.tasks.CreateTask(request)
