"""Between the messages of ImportTasks and the tasks to import."""

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256
from uuid import UUID

from service.errors import InvalidArgument, Violation, invalid
from service.fields import Command
from service.names import UserName
from service.tasks.drafts import fields, require_same_owner
from service.tasks.importing import ImportBatch, Imported, ImportedTask, ImportFailure, failure
from service.tasks.schemas import EDITABLE
from service.timestamps import from_timestamp
from service.validation import validated
from taxiway.v1 import task_pb2
from taxiway.v1 import task_service_pb2 as pb

STRETCH = 100  # rows, after which other calls have their turn
_REQUIRED, _TIMES = frozenset({"title"}), frozenset({"start_time", "complete_time"})
_STATE_NAMES: dict[int, str] = {number: name for name, number in task_pb2.Task.State.items()}


class _Message(Command):
    parent: UserName


def parent(request: pb.ImportTasksRequest) -> UUID:
    """Raises InvalidArgument, as the other functions here."""
    return _message(request).parent


def _message(request: pb.ImportTasksRequest) -> _Message:
    named = {"parent": request.parent, "request_id": request.request_id, "validate_only": request.validate_only}
    return validated(_Message, named, request)


async def batch(request: pb.ImportTasksRequest) -> ImportBatch:
    """A fault of one row is that row's alone."""
    message = _message(request)
    rows: list[ImportedTask] = []
    failures: list[ImportFailure] = []
    for first in range(0, len(request.tasks), STRETCH):
        _check(message.parent, request.tasks[first : first + STRETCH], first, rows, failures)
        await asyncio.sleep(0)
    # All in it is checked already.
    given = {**dict(message), "digest": _digest(request), "rows": tuple(rows), "failures": tuple(failures)}
    return ImportBatch.model_construct(**given)


def _digest(request: pb.ImportTasksRequest) -> str:
    """SHA-256 of the rows; the keys of maps in order. To dump 500 parsed rows takes longer than to parse them."""
    rows = pb.ImportTasksRequest(tasks=request.tasks)
    return sha256(rows.SerializeToString(deterministic=True)).hexdigest()


def _check(
    owner_id: UUID,
    given: Sequence[pb.TaskImport],
    before: int,
    rows: list[ImportedTask],
    failures: list[ImportFailure],
) -> None:
    for place, row in enumerate(given, before + 1):
        try:
            rows.append(_row(owner_id, place, row))
        except InvalidArgument as fault:
            failures.append(failure(place, max(row.line, 0), fault))


def _row(owner_id: UUID, place: int, given: pb.TaskImport) -> ImportedTask:
    task = given.task
    named = {field.name for field, _ in task.ListFields()}
    values = fields(task, (EDITABLE & named) | _REQUIRED)  # what is not set needs no check
    values |= {"parent": owner_id, "place": place, "line": given.line, "task_id": given.task_id, "state": _state(task)}
    values |= {name: from_timestamp(getattr(task, name)) for name in _TIMES & named}
    row = validated(ImportedTask, values, given, "task")
    require_same_owner(row, owner_id)
    _require_fitting(row)
    return row


def _state(task: task_pb2.Task) -> str:
    return _STATE_NAMES.get(task.state, str(task.state)) if task.state else "OPEN"


def _require_fitting(row: ImportedTask) -> None:
    """Of state and times only what a task can have by its own changes of state."""
    if row.line < 0:
        raise invalid([Violation("line", "must not be negative")])
    if row.start_time is not None and row.state == "OPEN":
        raise invalid([Violation("task.start_time", "must not be set: the task is OPEN")])
    if row.complete_time is not None and row.state != "COMPLETED":
        raise invalid([Violation("task.complete_time", f"must not be set: the task is {row.state}, not COMPLETED")])


def answer(imported: Imported) -> pb.ImportTasksResponse:
    """Of one message, as it is stored: a row without a line has its place in the message behind a minus sign."""
    return _response(imported, lambda failure: failure.line or -failure.place)


def read(data: bytes, *, replayed: bool) -> Imported:
    """What became of one message, by its answer."""
    response = pb.ImportTasksResponse.FromString(data)
    failures = tuple(
        ImportFailure(max(-row.line, 0), max(row.line, 0), row.reason, row.field, row.message)
        for row in response.failures
    )
    return Imported(response.created, response.failed, failures, int(replayed))


def whole(imported: Imported) -> pb.ImportTasksResponse:
    """The answer of a stream."""
    return _response(imported, lambda failure: failure.line or failure.place)


def _response(imported: Imported, line: Callable[[ImportFailure], int]) -> pb.ImportTasksResponse:
    response = pb.ImportTasksResponse(created=imported.created, failed=imported.failed, replayed=imported.replayed)
    for found in imported.failures:
        response.failures.add(line=line(found), reason=found.reason, field=found.field, message=found.message)
    return response
