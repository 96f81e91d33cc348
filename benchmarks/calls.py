"""The calls that are measured: what is sent, how many times, and the goal for it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from benchmarks.stage import Cast, draft
from taxiway.v1 import task_pb2, task_service_pb2, user_service_pb2

TASKS, USERS = "/taxiway.v1.TaskService/", "/taxiway.v1.UserService/"


@dataclass(frozen=True, slots=True)
class Call:
    """`bodies` makes that many requests, or one where all may be alike; `share` of the calls of a size are made.

    `token` lets the caller in.
    """

    name: str
    path: str
    token: str
    bodies: Callable[[int], list[bytes]]
    goal: float  # CPU per request, times the empty handler
    round_trips: int  # at most, on a warm connection
    share: float = 1.0
    varied: bool = False


def calls(cast: Cast, token: str) -> list[Call]:
    """For the holder of an administrator's token, which must outlive them."""
    get = task_service_pb2.GetTaskRequest(name=cast.tasks[0])
    page = task_service_pb2.ListTasksRequest(parent=cast.owner, page_size=50)
    create = task_service_pb2.CreateTaskRequest(parent=cast.maker, task=draft())
    batch = user_service_pb2.BatchGetUsersRequest(names=cast.users)
    return [
        Call("Get", TASKS + "GetTask", token, _alike(get), 3.0, 1),
        Call("List of 50", TASKS + "ListTasks", token, _alike(page), 5.9, 1, share=0.4),
        Call("BatchGet of 100", USERS + "BatchGetUsers", token, _alike(batch), 12.0, 1, share=0.3),
        Call("Create", TASKS + "CreateTask", token, _alike(create), 4.5, 3, share=0.7),
        Call("Update", TASKS + "UpdateTask", token, partial(_updates, cast), 4.5, 3, share=0.7, varied=True),
        Call("Create with request_id", TASKS + "CreateTask", token, partial(_once, cast), 6.5, 5, 0.5, varied=True),
    ]


def _alike(request: Message) -> Callable[[int], list[bytes]]:
    return lambda _count: [request.SerializeToString()]


def _updates(cast: Cast, count: int) -> list[bytes]:
    """Each one changes something, and callers of one moment change different tasks."""
    mask = FieldMask(paths=["title", "description"])
    words = (task_pb2.Task(title=f"Title {uuid.uuid4()}", description=draft().description) for _ in range(count))
    requests = [task_service_pb2.UpdateTaskRequest(task=task, update_mask=mask) for task in words]
    for number, request in enumerate(requests):
        request.task.name = cast.tasks[number % len(cast.tasks)]
    return [request.SerializeToString() for request in requests]


def _once(cast: Cast, count: int) -> list[bytes]:
    ids = (str(uuid.uuid4()) for _ in range(count))
    requests = (task_service_pb2.CreateTaskRequest(parent=cast.maker, task=draft(), request_id=id_) for id_ in ids)
    return [request.SerializeToString() for request in requests]
