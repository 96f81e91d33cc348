"""Rows into the messages of ImportTasks: as full as may be, each with a request id that is the same every time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from service import limits
from service.cli.task_rows import BadRow, Row

if TYPE_CHECKING:
    from taxiway.v1 import task_service_pb2

ROOM = limits.REQUEST_BYTES - 1024  # for rows: parent, request id and the like take the rest
_AROUND = 8  # bytes of tag and length around a row


@dataclass(frozen=True, slots=True)
class Batch:
    """How the messages of one import are alike."""

    parent: str
    validate_only: bool = False


def messages(
    rows: Iterable[Row | BadRow], batch: Batch, refuse: Callable[[BadRow], None]
) -> Iterator[task_service_pb2.ImportTasksRequest]:
    """At most 500 rows and 1 MiB in each. What cannot be sent is given to `refuse`."""
    from taxiway.v1 import task_service_pb2

    place, room = 0, ROOM
    message = task_service_pb2.ImportTasksRequest()
    for row in rows:
        if isinstance(row, BadRow) or (size := row.task.ByteSize() + _AROUND) > ROOM:
            refuse(row if isinstance(row, BadRow) else BadRow(row.task.line, "the row is longer than 1 MiB"))
            continue
        if size > room or len(message.tasks) == limits.BATCH_ITEMS:
            yield _completed(message, batch, place)
            place, room = place + len(message.tasks), ROOM
            message = task_service_pb2.ImportTasksRequest()
        message.tasks.append(row.task)
        room -= size
    if message.tasks:
        yield _completed(message, batch, place)


def _completed(
    message: task_service_pb2.ImportTasksRequest, batch: Batch, place: int
) -> task_service_pb2.ImportTasksRequest:
    """The id is made of parent, place and rows: the same file, sent again, is the same request."""
    content = message.SerializeToString(deterministic=True)
    message.request_id = str(UUID(bytes=sha256(f"{batch.parent}\n{place}\n".encode() + content).digest()[:16]))
    message.parent, message.validate_only = batch.parent, batch.validate_only
    return message
