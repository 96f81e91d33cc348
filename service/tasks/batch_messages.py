"""The batches of TaskService into their commands; a fault names the item, as in `requests[17]`."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel

from service import limits
from service.errors import InvalidArgument, Violation, invalid
from service.names import TaskId, TaskName, UserName, parse_user, user_name
from service.tasks import drafts
from service.tasks.batches import TaskBatch
from service.tasks.convert import deletion
from service.tasks.schemas import TaskDeletion, TaskDraft, TaskPatch
from service.validation import one, validated
from taxiway.v1 import task_service_pb2 as pb

BatchRequest = pb.BatchCreateTasksRequest | pb.BatchUpdateTasksRequest | pb.BatchDeleteTasksRequest
Request = TypeVar("Request", pb.CreateTaskRequest, pb.UpdateTaskRequest, pb.DeleteTaskRequest)
Item = TypeVar("Item")


_STRETCH = 25  # items at a time: a request of 1 MiB takes long enough to be felt by others


class _BatchGet(BaseModel):
    parent: UserName
    names: list[TaskName]


def keys(request: pb.BatchGetTasksRequest) -> list[TaskId]:
    _require_size("names", len(request.names))
    parsed = validated(_BatchGet, {"parent": request.parent, "names": list(request.names)}, request)
    others = [place for place, key in enumerate(parsed.names) if key.owner_id != parsed.parent]
    if others:
        raise invalid([Violation(f"names[{place}]", "must be below the parent of the batch") for place in others])
    return parsed.names


async def drafts_of(request: pb.BatchCreateTasksRequest) -> TaskBatch[TaskDraft]:
    parent = _parent(request)
    items = await _parsed(request.requests, lambda item: _draft(item, parent))
    _require_once("task_id", [item.task_id for item in items])
    return validated(TaskBatch[TaskDraft], _named(request, items), request)


async def patches_of(request: pb.BatchUpdateTasksRequest) -> TaskBatch[TaskPatch]:
    parent = _parent(request)
    items = await _parsed(request.requests, lambda item: _patch(item, parent))
    _require_once("task.name", [item.name for item in items])
    return validated(TaskBatch[TaskPatch], _named(request, items), request)


async def deletions_of(request: pb.BatchDeleteTasksRequest) -> TaskBatch[TaskDeletion]:
    parent = _parent(request)
    items = await _parsed(request.requests, lambda item: _deletion(item, parent))
    _require_once("name", [item.name for item in items])
    return validated(TaskBatch[TaskDeletion], _named(request, items), request)


def _parent(request: BatchRequest) -> UUID:
    _require_size("requests", len(request.requests))
    return one("parent", parse_user, request.parent)


def _named(request: BatchRequest, items: Sequence[Item]) -> dict[str, object]:
    named = {"parent": request.parent, "request_id": request.request_id, "validate_only": request.validate_only}
    return named | {"items": tuple(items)}


def _require_size(field: str, count: int) -> None:
    """Before anything is parsed: to name the faults of half a million items would hold the loop for seconds."""
    if not 1 <= count <= limits.BATCH_ITEMS:
        raise invalid([Violation(field, f"must have 1 to {limits.BATCH_ITEMS} items, not {count}")])


async def _parsed(requests: Iterable[Request], parse: Callable[[Request], Item]) -> list[Item]:
    """Raises InvalidArgument with the faults of all items. Other calls have their turn in between."""
    items: list[Item] = []
    faults: list[Violation] = []
    for number, request in enumerate(requests):
        if number % _STRETCH == _STRETCH - 1:
            await asyncio.sleep(0)
        try:
            _require_bare(request)
            items.append(parse(request))
        except InvalidArgument as fault:
            faults += fault.within(f"requests[{number}]").violations
    if faults:
        raise invalid(faults)
    return items


def _require_bare(request: pb.CreateTaskRequest | pb.UpdateTaskRequest | pb.DeleteTaskRequest) -> None:
    given = {"request_id": request.request_id, "validate_only": request.validate_only}
    faults = [Violation(field, "must not be set: the batch has its own") for field, value in given.items() if value]
    if faults:
        raise invalid(faults)


def _require_once(field: str, named: Sequence[Hashable]) -> None:
    first: dict[Hashable, int] = {}
    for number, key in enumerate(named):
        if key is not None and first.setdefault(key, number) != number:
            rule = f"is that of requests[{first[key]}]; a batch has each task once"
            raise invalid([Violation(f"requests[{number}].{field}", rule)])


def _draft(request: pb.CreateTaskRequest, parent: UUID) -> TaskDraft:
    draft = drafts.draft(request, user_name(parent))
    if draft.parent != parent:
        raise invalid([Violation("parent", "must be that of the batch, or empty")])
    return draft


def _patch(request: pb.UpdateTaskRequest, parent: UUID) -> TaskPatch:
    patch = drafts.patch(request)
    _require_below(parent, "task.name", patch.name)
    return patch


def _deletion(request: pb.DeleteTaskRequest, parent: UUID) -> TaskDeletion:
    parsed = deletion(request)
    _require_below(parent, "name", parsed.name)
    return parsed


def _require_below(parent: UUID, field: str, key: TaskId) -> None:
    if key.owner_id != parent:
        raise invalid([Violation(field, "must be below the parent of the batch")])
