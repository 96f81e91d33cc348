"""Batches of tasks as tests send them, and what is told of the item that is refused."""

from collections.abc import Awaitable, Iterable
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1 import task_pb2
from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.refusals import Refusal, read


def draft(task_id: str = "", **fields: Any) -> pb.CreateTaskRequest:
    task = task_pb2.Task(**{"title": "Write the letter", **fields})
    return pb.CreateTaskRequest(task_id=task_id, task=task)


def patch(name: str, *paths: str, allow_missing: bool = False, **fields: Any) -> pb.UpdateTaskRequest:
    """Without `paths` every field that is set is written."""
    task, mask = task_pb2.Task(name=name, **fields), FieldMask(paths=paths)
    return pb.UpdateTaskRequest(task=task, update_mask=mask, allow_missing=allow_missing)


async def batch_get(service: Service, parent: str, names: Iterable[str]) -> list[Task]:
    response = await service.tasks.BatchGetTasks(pb.BatchGetTasksRequest(parent=parent, names=names))
    return list(response.tasks)


async def batch_create(
    service: Service, parent: str, requests: Iterable[pb.CreateTaskRequest], **options: Any
) -> list[Task]:
    request = pb.BatchCreateTasksRequest(parent=parent, requests=requests, **options)
    return list((await service.tasks.BatchCreateTasks(request)).tasks)


async def batch_update(
    service: Service, parent: str, requests: Iterable[pb.UpdateTaskRequest], **options: Any
) -> list[Task]:
    request = pb.BatchUpdateTasksRequest(parent=parent, requests=requests, **options)
    return list((await service.tasks.BatchUpdateTasks(request)).tasks)


async def batch_delete(
    service: Service, parent: str, requests: Iterable[pb.DeleteTaskRequest], **options: Any
) -> list[Task]:
    request = pb.BatchDeleteTasksRequest(parent=parent, requests=requests, **options)
    return list((await service.tasks.BatchDeleteTasks(request)).tasks)


async def tasks_of(service: Service, parent: str) -> list[Task]:
    """All living tasks of a user."""
    return list((await service.tasks.ListTasks(pb.ListTasksRequest(parent=parent, page_size=1000))).tasks)


async def refused_at(place: str, call: Awaitable[object], code: grpc.StatusCode, reason: str) -> Refusal:
    """The refusal of a batch for one of its items: the message begins with its place, and BadRequest names it."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = read(caught.value)
    assert (refusal.code, refusal.reason) == (code, reason), refusal.message
    assert refusal.message.startswith(place)
    assert refusal.fields
    assert refusal.fields[0].startswith(place)
    return refusal
