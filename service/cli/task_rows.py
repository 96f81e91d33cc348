"""What rows of files are made into: tasks to import, or the reason why one cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


@dataclass(frozen=True, slots=True)
class Row:
    """A row that can be sent; its line stands in it."""

    task: task_service_pb2.TaskImport


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot: the line where it begins, and why."""

    line: int
    reason: str


def own(task: task_pb2.Task, parent: str) -> None:
    """Project and parent task are always of the owner that is imported into: of their names the ids count."""
    if task.project:
        task.project = f"{parent}/projects/{last(task.project)}"
    if task.parent_task:
        task.parent_task = f"{parent}/tasks/{last(task.parent_task)}"


def last(name: str) -> str:
    """The id at the end of a name, or the whole of what is an id alone."""
    return name.strip().rpartition("/")[2]
