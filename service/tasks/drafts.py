"""What a request writes: messages into the commands that make and change tasks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from service.errors import InvalidArgument, Violation, invalid
from service.fields import ABSENT, composed
from service.masks import Editable, select
from service.names import TaskId, user_name
from service.tasks.metadata import VALUES
from service.tasks.schemas import EDITABLE, TaskDraft, TaskPatch
from service.tasks.struct_values import from_fields
from service.timestamps import from_timestamp
from service.validation import validated
from taxiway.v1 import task_pb2
from taxiway.v1 import task_service_pb2 as pb

_WRITABLE = Editable(EDITABLE, frozenset({"metadata"}))
_PRIORITY_NAMES: dict[int, str] = {number: name for name, number in task_pb2.Task.Priority.items()}


def draft(request: pb.CreateTaskRequest, parent: str = "") -> TaskDraft:
    """`parent` is that of the batch, for an item that leaves its own empty."""
    named = {"parent": request.parent or parent, "task_id": request.task_id, "request_id": request.request_id}
    return _drafted(named | {"validate_only": request.validate_only}, request)


def _drafted(named: dict[str, object], request: pb.CreateTaskRequest | pb.UpdateTaskRequest) -> TaskDraft:
    parsed = validated(TaskDraft, named | fields(request.task, EDITABLE), request, "task")
    require_same_owner(parsed, parsed.parent)
    _require_another(parsed.parent_task, parsed.task_id)
    return parsed


def patch(request: pb.UpdateTaskRequest) -> TaskPatch:
    selected = select(request.task, request.update_mask.paths, _WRITABLE)
    named: dict[str, object] = {"name": request.task.name, "etag": request.task.etag, "request_id": request.request_id}
    named |= {"validate_only": request.validate_only} | _metadata_keys(request.task, selected.keys)
    parsed = _patched(named | fields(request.task, selected.fields), request)
    require_same_owner(parsed, parsed.name.owner_id)
    _require_another(parsed.parent_task, parsed.name.id)
    return parsed.model_copy(update=_upsert(request, parsed.name)) if request.allow_missing else parsed


def _patched(values: dict[str, object], request: pb.UpdateTaskRequest) -> TaskPatch:
    """Single keys of the metadata are checked apart, and their faults named by the field that they are in."""
    try:
        return validated(TaskPatch, values, request, "task")
    except InvalidArgument as fault:
        faults = [replace(found, field=_NAMED_AS.get(found.field, found.field)) for found in fault.violations]
    raise invalid(faults)


_NAMED_AS = {"task.metadata_set": "task.metadata"}


def _metadata_keys(message: task_pb2.Task, keys: dict[str, frozenset[str]]) -> dict[str, object]:
    """A key that the message does not have is to be removed; of both it is the text in NFC that counts."""
    named = {composed(key) for key in keys.get("metadata", ())}
    if not named:
        return {}
    given = {key: value for key, value in message.metadata.fields.items() if composed(key) in named}
    return {
        "metadata_set": from_fields(given, VALUES),
        "metadata_removed": tuple(sorted(named - {composed(key) for key in given})),
    }


def _upsert(request: pb.UpdateTaskRequest, name: TaskId) -> dict[str, object]:
    """A fault of the draft matters only where there is no such task: it waits until then."""
    try:
        named: dict[str, object] = {"parent": user_name(name.owner_id), "task_id": str(name.id)}
        return {"allow_missing": True, "draft": _drafted(named, request)}
    except InvalidArgument as fault:
        return {"allow_missing": True, "draft_fault": fault}


def require_same_owner(parsed: TaskDraft | TaskPatch, owner_id: UUID) -> None:
    """Raises InvalidArgument where project or parent task are of another owner than the task."""
    related = {"project": parsed.project, "parent_task": parsed.parent_task}
    others = [field for field, key in related.items() if key is not None and key.owner_id != owner_id]
    if others:
        raise invalid([Violation(f"task.{field}", "must be of the same owner as the task") for field in others])


def _require_another(parent_task: TaskId | None, task_id: UUID | None) -> None:
    """Raises InvalidArgument where a task is to be its own parent."""
    if parent_task is not None and parent_task.id == task_id:
        raise invalid([Violation("task.parent_task", "must be another task than this one")])


def fields(message: task_pb2.Task, selected: frozenset[str]) -> dict[str, object]:
    """The selected fields as a schema takes them; an enum that is not given stands for its default."""
    return {field: _FIELDS[field](message) for field in selected}


def _due_time(message: task_pb2.Task) -> object:
    return from_timestamp(message.due_time) if message.HasField("due_time") else ABSENT


def _priority(message: task_pb2.Task) -> str:
    number = message.priority
    return _PRIORITY_NAMES.get(number, str(number)) if number else "MEDIUM"


_FIELDS: dict[str, Callable[[task_pb2.Task], Any]] = {
    "title": lambda message: message.title,
    "description": lambda message: message.description,
    "priority": _priority,
    "due_time": _due_time,
    "tags": lambda message: message.tags,
    "project": lambda message: message.project,
    "parent_task": lambda message: message.parent_task,
    "metadata": lambda message: from_fields(message.metadata.fields, VALUES),
}
