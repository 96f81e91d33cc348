"""Between taxiway.v1.Task and its schema; what a request writes is in drafts.py, and lists in page_messages.py."""

from service.etags import make_etag
from service.names import AnyTask, TaskId, parse_any_task, project_name, task_name, user_name
from service.tasks.schemas import Task, TaskDeletion, TaskDraft, TaskTarget
from service.timestamps import fill
from service.validation import one, validated
from taxiway.v1 import task_pb2
from taxiway.v1 import task_service_pb2 as pb

_STATES = dict(task_pb2.Task.State.items())
_PRIORITIES = dict(task_pb2.Task.Priority.items())

TargetRequest = (
    pb.UndeleteTaskRequest
    | pb.StartTaskRequest
    | pb.CompleteTaskRequest
    | pb.CancelTaskRequest
    | pb.ReopenTaskRequest
    | pb.DeleteTaskRequest
)


_FORCED = (pb.CompleteTaskRequest, pb.DeleteTaskRequest)


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
    message.tags.extend(value.tags)
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
    if value.project is not None:
        message.project = project_name(value.owner_id, value.project)
    if value.parent_task is not None:
        message.parent_task = task_name(value.owner_id, value.parent_task)
    if value.metadata:
        message.metadata.update(value.metadata)
    if value.delete_time is not None and value.purge_time is not None:
        fill(message.delete_time, value.delete_time)
        fill(message.purge_time, value.purge_time)


def created(asked: TaskDraft, value: Task) -> task_pb2.Task:
    """The task that was made; a rehearsal does not answer an id that only it had."""
    message = task(value)
    if asked.validate_only and asked.task_id is None:
        message.ClearField("name")
    return message


def task_or_name(value: Task | TaskId) -> task_pb2.Task:
    return task(value) if isinstance(value, Task) else task_pb2.Task(name=task_name(*value))


def key(request: pb.GetTaskRequest) -> AnyTask:
    return one("name", parse_any_task, request.name)


def target(request: TargetRequest) -> TaskTarget:
    return validated(TaskTarget, _target(request), request)


def deletion(request: pb.DeleteTaskRequest) -> TaskDeletion:
    return validated(TaskDeletion, _target(request) | {"allow_missing": request.allow_missing}, request)


def _target(request: TargetRequest) -> dict[str, object]:
    named: dict[str, object] = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    # Only where it is set: what a release without the field took for one request is still that request.
    forced = {"force": True} if isinstance(request, _FORCED) and request.force else {}
    return named | forced | {"validate_only": request.validate_only}
