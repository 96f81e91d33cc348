"""`taxiway tasks export`: all tasks of a user into a file that can be imported."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from service.cli import task_csv, task_jsonl
from service.cli.calling import Server
from service.cli.progress import Progress
from service.errors import StartupError

if TYPE_CHECKING:
    from taxiway.v1 import task_pb2

_WRITE = {"csv": task_csv.write, "jsonl": task_jsonl.write}


def export_file(server: Server, path: str, kind: str, parent: str, condition: str) -> int:
    """Answers the exit code. Raises StartupError; a file that was not written to its end is not there."""
    progress = Progress(sys.stderr, None)
    with _written(path) as file:
        count = _WRITE[kind](parents_first(_tasks(server, parent, condition, progress)), file)
    progress.clear()
    print(f"{count:,} tasks exported.", file=sys.stderr)
    return 0


@contextmanager
def _written(path: str) -> Iterator[TextIO]:
    """What is written appears under its name when it is whole; `-` is standard output."""
    if path == "-":
        with _standard_output() as file:
            yield file
        return
    partial = Path(f"{path}.part")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    """UTF-8, whatever the terminal has. Raises StartupError where its reader leaves before the end."""
    file = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # noqa: SIM115 - Closed below.
    try:
        with file:
            yield file
    except BrokenPipeError:
        raise StartupError("Standard output was closed before everything was written.") from None


def _tasks(server: Server, parent: str, condition: str, progress: Progress) -> Iterator[task_pb2.Task]:
    import grpc

    from taxiway.v1 import task_service_pb2
    from taxiway.v1.task_service_pb2_grpc import TaskServiceStub

    request, count = task_service_pb2.ExportTasksRequest(parent=parent, filter=condition), 0
    try:
        for message in TaskServiceStub(server.channel).ExportTasks(request, metadata=server.metadata()):
            yield from message.tasks
            count += len(message.tasks)
            progress.show(count)
    except grpc.RpcError as error:
        raise server.fault(error) from None


def parents_first(tasks: Iterable[task_pb2.Task]) -> Iterator[task_pb2.Task]:
    """Each task behind its parent, where that comes at all. `tasks` come in the order of their names.

    Only those are held back whose parent has a greater id: a task that was put below one that is newer.
    """
    held: dict[str, task_pb2.Task] = {}
    for task in tasks:
        if task.parent_task > task.name or task.parent_task in held:
            held[task.name] = task
        else:
            yield task
    while held:
        # Tasks that moved while they were exported may stand below each other.
        ready = [name for name, task in held.items() if task.parent_task not in held] or [*held]
        yield from [held.pop(name) for name in ready]
