"""Where it is measured: embedded PostgreSQL, the schema, and accounts and tasks to call for."""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from benchmarks.processes import Running, running
from migrations import commands
from persistence import embedded
from taxiway.v1 import task_pb2, task_service_pb2, user_pb2, user_service_pb2
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from taxiway.v1.user_service_pb2_grpc import UserServiceStub
from tests.e2e.accounts import administrator

USERS, TASKS = 100, 200
KEY = "A" * 43  # 32 zero bytes in base64url: it protects nothing but rows made up here


@dataclass(frozen=True, slots=True)
class Cast:
    """Names: `users`, of whom `owner` has `tasks` that are only read and changed; `maker` gets the new ones."""

    users: list[str]
    tasks: list[str]

    @property
    def owner(self) -> str:
        return self.users[0]

    @property
    def maker(self) -> str:
        return self.users[1]


@contextmanager
def database() -> Iterator[str]:
    """The URL of an embedded server with the newest schema, durable as in operation, removed at the end."""
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="taxiway-bench-"))
        server = stack.enter_context(embedded.start(Path(directory) / "data"))
        asyncio.run(commands.upgrade(server.url))
        yield server.url


@contextmanager
def service(url: str, metrics: str = "", **settings: str) -> Iterator[Running]:
    """`taxiway serve` on the database at `url`, with Prometheus' metrics at `metrics` where an address is given.

    `settings` are further ones, without their prefix.
    """
    environment = {"LISTEN": "127.0.0.1:0", "DATABASE_URL": url, "SECRET_KEY": KEY, "METRICS_LISTEN": metrics}
    environment |= settings
    with running("service", ("serve",), {f"TAXIWAY_{name}": value for name, value in environment.items()}) as server:
        yield server


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def token(url: str) -> str:
    """An access token of a new administrator, which holds for 10 minutes."""
    return asyncio.run(administrator(url))


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata of a call that this token lets in."""
    return (("authorization", f"Bearer {token}"),)


def draft() -> task_pb2.Task:
    """A task that comes back with 11 fields set."""
    words = "Figures from finance, two charts, one page for the board. "
    return task_pb2.Task(title="Write the quarterly report", description=words * 3, priority=task_pb2.Task.HIGH)


def seed(address: str, token: str) -> Cast:
    """Makes the accounts and tasks through the service itself."""
    with grpc.insecure_channel(address) as channel:
        users = [_user(UserServiceStub(channel), token, number) for number in range(USERS)]
        make = TaskServiceStub(channel).CreateTask
        request = task_service_pb2.CreateTaskRequest(parent=users[0], task=draft())
        return Cast(users, [make(request, metadata=bearer(token)).name for _ in range(TASKS)])


def _user(stub: UserServiceStub, token: str, number: int) -> str:
    user = user_pb2.User(username=f"user-{number}", email=f"user-{number}@example.com", display_name=f"User {number}")
    return stub.CreateUser(user_service_pb2.CreateUserRequest(user=user), metadata=bearer(token)).name
