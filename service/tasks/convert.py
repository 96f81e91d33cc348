"""Between taxiway.v1.Task and its requests, and the schemas: the one file that knows both sides."""

from uuid import UUID

from pydantic import BaseModel

from service.errors import InvalidArgument
from service.etags import make_etag
from service.fields import ABSENT
from service.identity import caller
from service.masks import Editable, select
from service.names import AnyTask, Owners, TaskId, parse_any_task, task_name, user_name
from service.pagination import PageSize, PageTokens, fill_page
from service.tasks.schemas import EDITABLE, Task, TaskDeletion, TaskDraft, TaskPatch, TaskQuery, TaskTarget
from service.timestamps import fill, from_timestamp
from service.validation import one, validated
from taxiway.v1 import task_pb2, task_service_pb2
from taxiway.v1 import task_service_pb2 as pb

_WRITABLE = Editable(EDITABLE)
_STATES = dict(task_pb2.Task.State.items())
_PRIORITIES = dict(task_pb2.Task.Priority.items())
_PRIORITY_NAMES: dict[int, str] = {number: name for name, number in _PRIORITIES.items()}

TargetRequest = (
    pb.UndeleteTaskRequest | pb.StartTaskRequest | pb.CompleteTaskRequest | pb.CancelTaskRequest | pb.ReopenTaskRequest
)


class _List(BaseModel):
    parent: Owners
    page_size: PageSize


def task(value: Task) -> task_pb2.Task:
    message = task_pb2.Task()
    write_task(value, message)
    return message


def write_task(value: Task, message: task_pb2.Task) -> None:
    message.name = task_name(value.owner_id, value.id)
    message.title = value.title
    message.description = value.description
    message.state = _STATES[value.state]
    message.priority = _PRIORITIES[value.priority]
    message.creator = user_name(value.creator)
    message.updater = message.creator if value.updater == value.creator else user_name(value.updater)
    message.version = value.version
    message.etag = make_etag(value.version, value.create_time)
    fill(message.create_time, value.create_time)
    fill(message.update_time, value.update_time)
    _fill_optional(message, value)


def _fill_optional(message: task_pb2.Task, value: Task) -> None:
    if value.due_time is not None:
        fill(message.due_time, value.due_time)
    if value.start_time is not None:
        fill(message.start_time, value.start_time)
    if value.complete_time is not None:
        fill(message.complete_time, value.complete_time)
    if value.delete_time is not None and value.purge_time is not None:
        fill(message.delete_time, value.delete_time)
        fill(message.purge_time, value.purge_time)


def task_or_name(value: Task | TaskId) -> task_pb2.Task:
    return task(value) if isinstance(value, Task) else task_pb2.Task(name=task_name(*value))


def key(request: pb.GetTaskRequest) -> AnyTask:
    return one("name", parse_any_task, request.name)


def draft(request: pb.CreateTaskRequest) -> TaskDraft:
    named = {"parent": request.parent, "task_id": request.task_id, "request_id": request.request_id}
    return validated(TaskDraft, named | _fields(request.task, EDITABLE), request, "task")


def patch(request: pb.UpdateTaskRequest) -> TaskPatch:
    selected = select(request.task, request.update_mask.paths, _WRITABLE).fields
    named = {"name": request.task.name, "etag": request.task.etag, "request_id": request.request_id}
    parsed = validated(TaskPatch, named | _fields(request.task, selected), request, "task")
    return parsed.model_copy(update=_upsert(request, parsed.name)) if request.allow_missing else parsed


def _upsert(request: pb.UpdateTaskRequest, name: TaskId) -> dict[str, object]:
    """A fault of the draft matters only where there is no such task: it waits until then."""
    named = {"parent": user_name(name.owner_id), "task_id": str(name.id)}
    try:
        return {
            "allow_missing": True,
            "draft": validated(TaskDraft, named | _fields(request.task, EDITABLE), request, "task"),
        }
    except InvalidArgument as fault:
        return {"allow_missing": True, "draft_fault": fault}


def _fields(message: task_pb2.Task, selected: frozenset[str]) -> dict[str, object]:
    """The selected fields as a schema takes them; an enum that is not given stands for its default."""
    every: dict[str, object] = {
        "title": message.title,
        "description": message.description,
        "priority": _priority(message.priority),
        "due_time": from_timestamp(message.due_time) if message.HasField("due_time") else ABSENT,
    }
    return {field: every[field] for field in selected}


def _priority(number: int) -> str:
    return _PRIORITY_NAMES.get(number, str(number)) if number else "MEDIUM"


def target(request: TargetRequest) -> TaskTarget:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return validated(TaskTarget, named, request)


def deletion(request: pb.DeleteTaskRequest) -> TaskDeletion:
    named = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    return validated(TaskDeletion, named | {"allow_missing": request.allow_missing}, request)


def query(request: pb.ListTasksRequest, tokens: PageTokens) -> TaskQuery:
    parsed = validated(_List, {"parent": request.parent, "page_size": request.page_size}, request)
    parts = 2 if parsed.parent is None else 1
    after = tokens.read_position(_scope(parsed.parent, request.show_deleted), request.page_token, parts)
    return TaskQuery(parent=parsed.parent, size=parsed.page_size, after=after, show_deleted=request.show_deleted)


def page(asked: TaskQuery, tokens: PageTokens, tasks: list[Task]) -> task_service_pb2.ListTasksResponse:
    response = task_service_pb2.ListTasksResponse()
    last = fill_page(response.tasks, tasks, asked.size, write_task)
    if last is not None:
        position = (last.id, last.owner_id) if asked.parent is None else (last.id,)
        response.next_page_token = tokens.make(_scope(asked.parent, asked.show_deleted), *position)
    return response


def _scope(parent: UUID | None, show_deleted: bool) -> bytes:
    return f"ListTasks/1/{caller().id}/{parent}/{show_deleted}".encode()
