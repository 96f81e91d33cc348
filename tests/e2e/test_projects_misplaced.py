"""UndeleteProject where a task cannot stand where it was: all is refused, with what to put right first."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import (
    CompleteTaskRequest,
    DeleteTaskRequest,
    ReopenTaskRequest,
    UndeleteTaskRequest,
)
from tests.e2e.conftest import Service
from tests.e2e.making import (
    delete_project,
    get_task,
    make_project,
    make_task,
    make_user,
    undelete_project,
)
from tests.e2e.refusals import Refusal, refused
from tests.e2e.rows import unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def kept_away(service: Service, project: str, reason: str) -> Refusal:
    """The refusal of UndeleteProject, which writes nothing."""
    async with unchanged(service.database_url):
        return await refused(undelete_project(service, project), grpc.StatusCode.FAILED_PRECONDITION, reason)


async def gone_below(service: Service, **fields: object) -> tuple[Task, Task, str]:
    """A task that is below another one, and went with its project: parent, task, and the name of the project."""
    owner = (await make_user(service)).name
    project = (await make_project(service, owner)).name
    parent = await make_task(service, owner, **fields)
    task = await make_task(service, owner, project=project, parent_task=parent.name)
    await delete_project(service, project, force=True)
    return parent, task, project


async def test_below_a_parent_that_was_deleted_meanwhile(service: Service) -> None:
    parent, task, project = await gone_below(service)
    await service.tasks.DeleteTask(DeleteTaskRequest(name=parent.name))
    refusal = await kept_away(service, project, "PARENT_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_name == parent.name
    await service.tasks.UndeleteTask(UndeleteTaskRequest(name=parent.name))
    assert (await undelete_project(service, project)).task_count == 1
    assert (await get_task(service, task.name)).parent_task == parent.name


async def test_below_a_parent_that_was_completed_meanwhile(service: Service) -> None:
    parent, task, project = await gone_below(service)
    await service.tasks.CompleteTask(CompleteTaskRequest(name=parent.name))
    refusal = await kept_away(service, project, "PARENT_COMPLETED")
    assert refusal.fields == ["name"]
    assert refusal.only(details.ResourceInfo).resource_name == parent.name
    await service.tasks.ReopenTask(ReopenTaskRequest(name=parent.name))
    assert (await undelete_project(service, project)).task_count == 1
    assert (await get_task(service, task.name)).state == Task.OPEN


async def test_what_is_done_comes_back_below_a_parent_that_is_done(service: Service) -> None:
    owner = (await make_user(service)).name
    project = (await make_project(service, owner)).name
    parent = await make_task(service, owner)
    task = await make_task(service, owner, project=project, parent_task=parent.name)
    await service.tasks.CompleteTask(CompleteTaskRequest(name=task.name))
    await delete_project(service, project, force=True)
    await service.tasks.CompleteTask(CompleteTaskRequest(name=parent.name))
    assert (await undelete_project(service, project)).task_count == 1


async def test_a_subtask_of_another_project_that_was_deleted_meanwhile(service: Service) -> None:
    owner = (await make_user(service)).name
    project, other = (await make_project(service, owner)).name, (await make_project(service, owner)).name
    task = await make_task(service, owner, project=project)
    below = await make_task(service, owner, project=other, parent_task=task.name)
    await delete_project(service, project, force=True)
    await delete_project(service, other, force=True)
    refusal = await kept_away(service, project, "PARENT_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_name == other
    assert (await undelete_project(service, other)).task_count == 0, "it went with the other project"
    assert (await undelete_project(service, project)).task_count == 1
    assert (await get_task(service, below.name)).project == other


async def test_what_is_wrong_with_the_project_itself_is_said_first(service: Service) -> None:
    parent, _, project = await gone_below(service)
    await service.tasks.DeleteTask(DeleteTaskRequest(name=parent.name))
    async with unchanged(service.database_url):
        call = undelete_project(service, project, etag='"1-1"')
        await refused(call, grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


async def test_trees_of_two_projects_come_back_in_the_other_order(service: Service) -> None:
    """Each has a task below one of the other: the one that was deleted last comes back first."""
    owner = (await make_user(service)).name
    red, blue = (await make_project(service, owner)).name, (await make_project(service, owner)).name
    of_red, of_blue = await make_task(service, owner, project=red), await make_task(service, owner, project=blue)
    below_blue = await make_task(service, owner, project=red, parent_task=of_blue.name)
    below_red = await make_task(service, owner, project=blue, parent_task=of_red.name)
    await delete_project(service, red, force=True)
    await delete_project(service, blue, force=True)
    await kept_away(service, red, "PARENT_NOT_FOUND")
    assert (await undelete_project(service, blue)).task_count == 1
    assert (await undelete_project(service, red)).task_count == 2
    for task in (of_red, of_blue, below_blue, below_red):
        assert not (await get_task(service, task.name)).HasField("delete_time")
