"""Tasks imported in great number: rows for each second of CPU, of the server and its database together, and memory."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import grpc

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.load import LoadError
from benchmarks.processes import Running
from benchmarks.size import Size
from benchmarks.stage import bearer, draft, service, token
from migrations import commands
from persistence import embedded
from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub

GROUP = "ImportTasks"
MESSAGE = 500  # rows
ROWS = 50  # for each call of the size: 100,000 in a whole run
PARENT = "users/me"


def measure(size: Size, say: Callable[[str], None]) -> list[Figure]:
    """On a database of its own, whose processes are known. Raises EmbeddedError, RuntimeError, LoadError."""
    say("importing tasks")
    rows = size.calls * ROWS // MESSAGE * MESSAGE
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="taxiway-bench-"))
        database = stack.enter_context(embedded.start(Path(directory) / "data"))
        asyncio.run(commands.upgrade(database.url))
        server = stack.enter_context(service(database.url))
        lets_in = token(database.url)
        _import(server, lets_in, rows // 10)
        resident, before = server.resident_mib(), (server.cpu_seconds(), cpu_of_all(database.pid), time.perf_counter())
        _import(server, lets_in, rows)
        after = (server.cpu_seconds(), cpu_of_all(database.pid), time.perf_counter())
        own, others, seconds = (late - early for late, early in zip(after, before, strict=True))
        return _figures(rows, own, others, seconds, server.resident_mib() - resident)


def _figures(rows: int, own: float, others: float, seconds: float, grown: float) -> list[Figure]:
    """`own` and `others`: seconds of CPU of the server, and of all processes of its database."""
    return [
        Figure(GROUP, "rows for a second of one core", rows / (own + others), "rows/s", None, at_least(5000)),
        Figure(GROUP, "CPU of the server", own / rows * 1e6, "us/row"),
        Figure(GROUP, "CPU of the database", others / rows * 1e6, "us/row"),
        Figure(GROUP, "rows a second, one stream", rows / seconds, "rows/s"),
        Figure(GROUP, f"memory after {rows:,} rows more", grown, "MiB", None, at_most(16)),
    ]


def _import(server: Running, lets_in: str, rows: int) -> None:
    with grpc.insecure_channel(server.address) as channel:
        try:
            answer = TaskServiceStub(channel).ImportTasks(_messages(rows), metadata=bearer(lets_in))
        except grpc.RpcError as error:
            raise LoadError(f"an import of {rows} tasks was not answered OK: {error}") from None
    if answer.created != rows:
        raise LoadError(f"{answer.created} of {rows} tasks were imported")


def _messages(rows: int) -> Iterator[pb.ImportTasksRequest]:
    """As clients send them: each with a request id, each task with a title of its own, a time and two tags."""
    for first in range(0, rows, MESSAGE):
        message = pb.ImportTasksRequest(parent=PARENT, request_id=str(uuid4()))
        for number in range(first, min(first + MESSAGE, rows)):
            task = message.tasks.add(line=number + 1).task
            task.CopyFrom(draft())
            task.title, task.due_time.seconds = f"{task.title}, part {number}", 1_800_000_000 + number * 60
            task.tags.extend(["reports", f"quarter {number % 4}"])
        yield message
    yield pb.ImportTasksRequest(parent=PARENT, count=rows)


def cpu_of_all(pid: int) -> float:
    """User and system time of a process, of its children, and of those that have ended. Source: proc(5), stat 14-17."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(_cpu, [str(pid), *children]))


def _cpu(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
