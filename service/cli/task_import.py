"""`taxiway tasks import`: a file of tasks, sent in streams that may be sent again."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from service.cli import task_csv, task_jsonl
from service.cli.calling import Server
from service.cli.file_lines import Lines
from service.cli.progress import Progress
from service.cli.task_messages import Batch, messages
from service.cli.task_rows import BadRow
from service.errors import StartupError

if TYPE_CHECKING:
    from taxiway.v1 import task_service_pb2

STREAM = 20  # messages in one call, which are in memory until it is answered
NAMED = 1000  # bad rows, of all
_READ = {"csv": task_csv.read, "jsonl": task_jsonl.read}


@dataclass(slots=True)
class Outcome:
    """What became of the rows so far. Bad rows are told of in the order in which they are found."""

    name: str
    progress: Progress
    created: int = 0
    refused: int = 0
    replayed: int = 0
    began: float = field(default_factory=time.monotonic)

    def refuse(self, row: BadRow) -> None:
        self.refused += 1
        self._tell(row.line, row.reason)

    def add(self, answer: task_service_pb2.ImportTasksResponse) -> None:
        self.created += answer.created
        self.replayed += answer.replayed
        for failure in answer.failures:
            self.refused += 1
            self._tell(failure.line, failure.message)
        self.refused += answer.failed - len(answer.failures)

    def _tell(self, line: int, reason: str) -> None:
        if self.refused <= NAMED:
            self.progress.say(f"{self.name}:{line}: {reason}")

    def summary(self, *, rehearsed: bool) -> str:
        """For people, in one line."""
        seconds = max(time.monotonic() - self.began, 1e-3)
        done = "could be imported, and none was" if rehearsed else "imported"
        rate = f"in {seconds:,.1f} s ({self.created / seconds:,.0f} a second)"
        before = f"; {self.replayed} messages of them had been imported before" if self.replayed else ""
        more = f"; the first {NAMED:,} are named" if self.refused > NAMED else ""
        return f"{self.created:,} tasks {done}, {self.refused:,} rows refused {rate}{before}{more}."


def import_file(server: Server, path: str, kind: str, batch: Batch) -> int:
    """Answers the exit code: 0 all rows are imported, 1 some were refused. Raises StartupError."""
    with opened(path) as (file, total):
        lines, progress = Lines(file), Progress(sys.stderr, total)
        outcome = Outcome(path, progress)
        try:
            for group in _groups(messages(_READ[kind](lines, batch.parent), batch, outcome.refuse)):
                outcome.add(_send(server, batch, group))
                progress.show(outcome.created + outcome.refused, lines.size)
        finally:
            progress.clear()
    print(outcome.summary(rehearsed=batch.validate_only))
    return 1 if outcome.refused else 0


@contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file, and its size where it has one; `-` is standard input. Raises StartupError."""
    if path == "-":
        yield sys.stdin.buffer, None
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(Path(path).open("rb"))
        except OSError as error:
            raise StartupError(f"{path} cannot be read: {error.strerror}.") from None
        found = os.fstat(file.fileno())
        yield file, found.st_size if stat.S_ISREG(found.st_mode) else None


def _groups(
    made: Iterator[task_service_pb2.ImportTasksRequest],
) -> Iterator[list[task_service_pb2.ImportTasksRequest]]:
    while group := list(islice(made, STREAM)):
        yield group


def _send(
    server: Server, batch: Batch, group: list[task_service_pb2.ImportTasksRequest]
) -> task_service_pb2.ImportTasksResponse:
    """One stream. When it is cut it is sent again: what was imported of it is answered as it was the first time."""
    from taxiway.v1 import task_service_pb2
    from taxiway.v1.task_service_pb2_grpc import TaskServiceStub

    last = task_service_pb2.ImportTasksRequest(parent=batch.parent, count=sum(len(message.tasks) for message in group))
    stub = TaskServiceStub(server.channel)
    return server.call(lambda metadata: stub.ImportTasks(iter([*group, last]), metadata=metadata))
