"""What rows of files are made into: tasks to import, or the reason why one cannot be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.cli.file_lines import RowFault

if TYPE_CHECKING:
    from taxiway.v1 import task_pb2, task_service_pb2

FORMATS = ("csv", "jsonl")
TAKEN = (  # of a task, what an import takes over
    "title",
    "description",
    "priority",
    "due_time",
    "tags",
    "project",
    "parent_task",
    "state",
    "start_time",
    "complete_time",
    "metadata",
)


TIMES = ("due_time", "start_time", "complete_time", "dueTime", "startTime", "completeTime")  # as JSON may have them
_OFFSET = re.compile(r"[+-](\d\d):?(\d\d)\Z", re.ASCII)
_SURROGATE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\\\|(\\u[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be sent; its line stands in it."""

    task: task_service_pb2.TaskImport


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot: the line where it begins, and why."""

    line: int
    reason: str


def require_offset(name: str, value: object) -> None:
    """Protobuf takes any two digits for hours and minutes of an offset. Raises RowFault."""
    offset = _OFFSET.search(value) if isinstance(value, str) else None
    if offset is not None and "T" in str(value) and (int(offset[1]) > 23 or int(offset[2]) > 59):
        raise RowFault(f"{name} must have an offset of at most 23:59 from UTC")


def require_unicode(text: str) -> None:
    """JSON may escape half of a character, which is none: Protobuf fails on it. Raises RowFault."""
    if any(found[1] for found in _SURROGATE.finditer(text)):
        raise RowFault("the row escapes a half of a character (\\uD800 to \\uDFFF) without the other")


def own(task: task_pb2.Task, parent: str) -> None:
    """Project and parent task are always of the owner that is imported into: of their names the ids count."""
    if task.project:
        task.project = f"{parent}/projects/{last(task.project)}"
    if task.parent_task:
        task.parent_task = f"{parent}/tasks/{last(task.parent_task)}"


def last(name: str) -> str:
    """The id at the end of a name, or the whole of what is an id alone."""
    return name.strip().rpartition("/")[2]
