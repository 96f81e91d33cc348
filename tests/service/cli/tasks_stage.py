"""`taxiway tasks` run as a function, in a thread, beside a server in this process."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from service.__main__ import main
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ListTasksRequest
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service
from tests.e2e.rows import select

_LOG = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[.*\n", re.MULTILINE)  # of the server, in the same process


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: str  # on standard output
    told: list[str]  # on standard error


@dataclass(frozen=True)
class Stage:
    """A user who runs commands on a server."""

    service: Service
    user: Account
    folder: Path
    capture: pytest.CaptureFixture[str]

    async def run(self, action: str, *arguments: str, address: str = "") -> Ended:
        """`taxiway tasks ACTION ARGUMENTS` as the user, whose token stands in a file."""
        token = self.folder / "token"
        token.write_text(f"{self.user.token}\n")
        given = ["tasks", action, "--token-file", str(token), "--address", address or self.service.address]
        self.capture.readouterr()
        code = await asyncio.to_thread(main, [*given, *arguments])
        said, told = self.capture.readouterr()
        assert self.user.token not in said + told
        assert "Traceback" not in told
        return Ended(code, _LOG.sub("", said), told.splitlines())

    def file(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    async def count(self) -> int:
        statement = f"SELECT count(*) FROM tasks WHERE owner_id = '{self.user.id}'"
        return int((await select(self.service.database_url, statement))[0][0])

    async def tasks(self) -> list[Task]:
        request = ListTasksRequest(parent=self.user.name, page_size=1000)
        return [*(await self.service.tasks.ListTasks(request)).tasks]
