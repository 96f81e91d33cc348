"""The answers of the batches of TaskService, each within the bytes that one answer has."""

from collections.abc import Sequence
from typing import TypeVar

from service.errors import ResponseTooLarge
from service.names import TaskId, task_name
from service.pagination import fill_page
from service.tasks.batches import TaskBatch
from service.tasks.convert import write_task
from service.tasks.schemas import Task, TaskDraft
from taxiway.v1 import task_pb2
from taxiway.v1 import task_service_pb2 as pb

Response = TypeVar(
    "Response",
    pb.BatchGetTasksResponse,
    pb.BatchCreateTasksResponse,
    pb.BatchUpdateTasksResponse,
    pb.BatchDeleteTasksResponse,
)


def found(tasks: Sequence[Task]) -> pb.BatchGetTasksResponse:
    return _filled(pb.BatchGetTasksResponse(), tasks)


def created(asked: TaskBatch[TaskDraft], tasks: Sequence[Task]) -> pb.BatchCreateTasksResponse:
    """A rehearsal does not answer ids that only it had."""
    response = _filled(pb.BatchCreateTasksResponse(), tasks)
    for draft, message in zip(asked.items, response.tasks, strict=True):
        if asked.validate_only and draft.task_id is None:
            message.ClearField("name")
    return response


def updated(tasks: Sequence[Task]) -> pb.BatchUpdateTasksResponse:
    return _filled(pb.BatchUpdateTasksResponse(), tasks)


def deleted(tasks: Sequence[Task | TaskId]) -> pb.BatchDeleteTasksResponse:
    return _filled(pb.BatchDeleteTasksResponse(), tasks)


def _filled(response: Response, tasks: Sequence[Task | TaskId]) -> Response:
    """Raises ResponseTooLarge, which says how many of the tasks fit into one answer; of a write nothing is kept."""
    if fill_page(response.tasks, tasks, len(tasks), _write) is not None:
        fit = len(response.tasks)
        message = f"The first {fit} of these tasks fill an answer; send batches of at most {fit}."
        raise ResponseTooLarge(message, metadata={"fit": str(fit)})
    return response


def _write(value: Task | TaskId, message: task_pb2.Task) -> None:
    if isinstance(value, Task):
        write_task(value, message)
    else:
        message.name = task_name(*value)
