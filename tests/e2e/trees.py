"""Trees of tasks for tests: made through the service, and read as a whole to see what a call changed."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from taxiway.v1 import task_service_pb2 as pb
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.making import make_task
from tests.e2e.rows import select

LEVELS = 8


async def make_chain(service: Service, owner: str, levels: int, **fields: Any) -> list[Task]:
    """Tasks below each other, the root first; their titles are the numbers of their levels."""
    chain: list[Task] = []
    for level in range(1, levels + 1):
        above = chain[-1].name if chain else ""
        chain.append(await make_task(service, owner, title=str(level), **{"parent_task": above} | fields))
        fields.pop("parent_task", None)
    return chain


async def every_task(service: Service, owner: str) -> Mapping[str, Task]:
    """All tasks of the owner by name, deleted ones too."""
    answer = await service.tasks.ListTasks(pb.ListTasksRequest(parent=owner, page_size=1000, show_deleted=True))
    assert not answer.next_page_token
    return {task.name: task for task in answer.tasks}


@asynccontextmanager
async def only_changed(service: Service, owner: str, *expected: Task) -> AsyncIterator[None]:
    """Fails unless exactly these tasks of the owner change, by one version each."""
    before = await every_task(service, owner)
    yield
    after = await every_task(service, owner)
    changed = {name for name, task in before.items() if after[name] != task}
    assert changed == {task.name for task in expected}
    versions = {after[name].version - task.version for name, task in before.items() if name in changed}
    assert versions <= {1}, "one call is one version"


async def get(service: Service, task: Task) -> Task:
    return await service.tasks.GetTask(pb.GetTaskRequest(name=task.name))


async def delete(service: Service, task: Task, *, force: bool = False, **options: Any) -> Task:
    return await service.tasks.DeleteTask(pb.DeleteTaskRequest(name=task.name, force=force, **options))


async def undelete(service: Service, task: Task, **options: Any) -> Task:
    return await service.tasks.UndeleteTask(pb.UndeleteTaskRequest(name=task.name, **options))


async def complete(service: Service, task: Task, *, force: bool = False, **options: Any) -> Task:
    return await service.tasks.CompleteTask(pb.CompleteTaskRequest(name=task.name, force=force, **options))


async def cancel(service: Service, task: Task) -> Task:
    return await service.tasks.CancelTask(pb.CancelTaskRequest(name=task.name))


async def start(service: Service, task: Task) -> Task:
    return await service.tasks.StartTask(pb.StartTaskRequest(name=task.name))


async def reopen(service: Service, task: Task) -> Task:
    return await service.tasks.ReopenTask(pb.ReopenTaskRequest(name=task.name))


# A walk upwards from each task: one that comes back to where it began, or goes on beyond the last level, is amiss.
_WALKS = f"""
    WITH RECURSIVE walks AS (
        SELECT owner_id, id AS first, parent_id AS at, 1 AS level FROM tasks
        UNION ALL
        SELECT t.owner_id, w.first, t.parent_id, w.level + 1 FROM walks w
        JOIN tasks t ON (t.owner_id, t.id) = (w.owner_id, w.at) WHERE w.level <= {LEVELS}
    )
    SELECT 'cycle', first::text FROM walks WHERE at = first
    UNION ALL SELECT 'too deep', first::text FROM walks WHERE level > {LEVELS}"""
_PAIRS = """
    SELECT 'open below completed', c.id::text FROM tasks c
    JOIN tasks p ON (p.owner_id, p.id) = (c.owner_id, c.parent_id)
    WHERE p.state = 'COMPLETED' AND c.state IN ('OPEN', 'IN_PROGRESS') AND c.deleted_at IS NULL AND p.deleted_at IS NULL
    UNION ALL
    SELECT 'living below deleted', c.id::text FROM tasks c
    JOIN tasks p ON (p.owner_id, p.id) = (c.owner_id, c.parent_id)
    WHERE p.deleted_at IS NOT NULL AND c.deleted_at IS NULL
    UNION ALL
    SELECT 'living in a deleted project', t.id::text FROM tasks t
    JOIN projects p ON (p.owner_id, p.id) = (t.owner_id, t.project_id)
    WHERE p.deleted_at IS NOT NULL AND t.deleted_at IS NULL"""


async def amiss(service: Service) -> Sequence[tuple[Any, ...]]:
    """What no order of calls may leave in the database: empty where all trees are sound."""
    return await select(service.database_url, f"{_WALKS} UNION ALL {_PAIRS}")
