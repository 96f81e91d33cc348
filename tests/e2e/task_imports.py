"""Streams of ImportTasks, made and sent through the real stubs."""

from collections.abc import Sequence
from typing import Any

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ImportTasksRequest, ImportTasksResponse, TaskImport
from tests.e2e.conftest import Service
from tests.e2e.rows import select

Rows = Sequence[TaskImport]


def row(task_id: str = "", line: int = 0, **fields: Any) -> TaskImport:
    return TaskImport(task=Task(**{"title": "Write the letter", **fields}), task_id=task_id, line=line)


def message(parent: str, *rows: TaskImport, **fields: Any) -> ImportTasksRequest:
    return ImportTasksRequest(parent=parent, tasks=rows, **fields)


async def load(service: Service, *messages: ImportTasksRequest) -> ImportTasksResponse:
    return await service.tasks.ImportTasks(iter(messages))


async def imported(service: Service, parent: str, *messages: Rows) -> ImportTasksResponse:
    """The whole stream, with its count."""
    count = ImportTasksRequest(parent=parent, count=sum(map(len, messages)))
    return await load(service, *(message(parent, *rows) for rows in messages), count)


def failed(response: ImportTasksResponse) -> list[tuple[int, str, str]]:
    assert len(response.failures) == response.failed
    assert all(failure.message.endswith(".") for failure in response.failures)
    return [(failure.line, failure.reason, failure.field) for failure in response.failures]


async def count(service: Service, parent: str) -> int:
    owner = parent.removeprefix("users/")
    ((found,),) = await select(service.database_url, f"SELECT count(*) FROM tasks WHERE owner_id = '{owner}'")
    return int(found)
