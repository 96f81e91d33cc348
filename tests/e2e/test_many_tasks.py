"""Calls that write many tasks at once: at most 5,000 of them, else none and a refusal that says what to do."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import grpc
import pytest

from taxiway.v1 import project_service_pb2, task_service_pb2
from tests.e2e.conftest import Service
from tests.e2e.making import make_project, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run, select, unchanged

MOST = 5_000
# Tasks of one owner, all in a project, with a tag, and below one task.
MANY = """
    INSERT INTO tasks (owner_id, id, title, description, priority, project_id, parent_id, tags, created_by, updated_by)
    SELECT '{owner}', gen_random_uuid(), 'one of many', '', 'LOW', '{project}', '{parent}', '{{many}}',
    '{owner}', '{owner}' FROM generate_series(1, {count})"""


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def with_many(service: Service, count: int) -> tuple[str, str, str]:
    """The owner of so many tasks, their project, and the task above them."""
    owner = (await make_user(service)).name
    project, parent = (await make_project(service, owner)).name, (await make_task(service, owner, tags=["many"])).name
    ids = {"owner": UUID(owner[6:]), "project": UUID(project[-36:]), "parent": UUID(parent[-36:])}
    await run(service.database_url, MANY.format(**ids, count=count))
    return owner, project, parent


async def test_more_than_5000_tasks_are_not_written_at_once(service: Service) -> None:
    owner, project, parent = await with_many(service, MOST + 1)
    (tag,) = (await service.tasks.ListTags(task_service_pb2.ListTagsRequest(parent=owner))).tags
    tag.display_name = "other"
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: service.projects.DeleteProject(project_service_pb2.DeleteProjectRequest(name=project)),
        lambda: service.projects.DeleteProject(project_service_pb2.DeleteProjectRequest(name=project, force=True)),
        lambda: service.tasks.DeleteTask(task_service_pb2.DeleteTaskRequest(name=parent, force=True)),
        lambda: service.tasks.CompleteTask(task_service_pb2.CompleteTaskRequest(name=parent, force=True)),
        lambda: service.tasks.DeleteTag(task_service_pb2.DeleteTagRequest(name=tag.name)),
        lambda: service.tasks.UpdateTag(task_service_pb2.UpdateTagRequest(tag=tag)),
    ]
    async with unchanged(service.database_url):
        for call in calls:
            refusal = await refused(call(), grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_TASKS")
            assert "BatchUpdateTasks" in refusal.message


@pytest.mark.prove
async def test_5000_tasks_are(service: Service) -> None:
    """With the tag, and in the project, alone: nobody else writes meanwhile."""
    owner, project, _ = await with_many(service, MOST - 1)
    (tag,) = (await service.tasks.ListTags(task_service_pb2.ListTagsRequest(parent=owner))).tags
    tag.display_name = "other"
    await service.tasks.UpdateTag(task_service_pb2.UpdateTagRequest(tag=tag), timeout=10)
    await service.projects.DeleteProject(project_service_pb2.DeleteProjectRequest(name=project, force=True), timeout=10)
    found = await select(
        service.database_url, f"SELECT count(*) FROM tasks WHERE owner_id = '{owner[6:]}' AND version = 3"
    )
    assert found == [(MOST - 1,)]
