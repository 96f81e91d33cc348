"""DeleteProject and UndeleteProject: what becomes of the tasks, and which of them come back."""

import asyncio
import uuid

import grpc
import pytest

from taxiway.v1.project_pb2 import Project
from taxiway.v1.project_service_pb2 import DeleteProjectRequest, UndeleteProjectRequest
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CompleteTaskRequest, UndeleteTaskRequest
from taxiway.v1.user_service_pb2 import DeleteUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import (
    NO_USER,
    delete_project,
    deleted_project,
    deleted_task,
    get_project,
    get_task,
    make_project,
    make_task,
    make_user,
    undelete_project,
    update_project,
    update_task,
)
from tests.e2e.refusals import refused
from tests.e2e.rows import run, select, unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
DAYS_30 = 30 * 86_400 * 10**9
NO_PROJECT = "projects/00000000-0000-4000-8000-00000000beef"


async def get_all(service: Service, *tasks: Task) -> list[Task]:
    return await asyncio.gather(*(get_task(service, task.name) for task in tasks))


async def test_a_deleted_project_goes_after_thirty_days(service: Service) -> None:
    made = await make_project(service, (await make_user(service)).name)
    gone = await delete_project(service, made.name, etag=made.etag)
    assert gone.purge_time.ToNanoseconds() - gone.delete_time.ToNanoseconds() == DAYS_30
    assert (gone.version, gone.display_name, gone.task_count) == (2, made.display_name, 0)
    assert await get_project(service, made.name) == gone


async def test_the_tasks_of_a_deleted_project_are_of_none(service: Service) -> None:
    owner = (await make_user(service)).name
    project, other = await make_project(service, owner), await make_project(service, owner)
    living = await make_task(service, owner, project=project.name)
    deleted = await deleted_task(service, owner, project=project.name)
    elsewhere = await make_task(service, owner, project=other.name)
    assert (await delete_project(service, project.name)).task_count == 0
    freed, freed_too, kept = await get_all(service, living, deleted, elsewhere)
    assert (freed.project, freed.version, freed.HasField("delete_time")) == ("", 2, False)
    assert (freed_too.project, freed_too.version, freed_too.HasField("delete_time")) == ("", 3, True)
    assert kept == elsewhere
    back = await undelete_project(service, project.name)
    assert (back.task_count, back.version) == (0, 3)
    assert await get_all(service, living, deleted) == [freed, freed_too]


async def test_with_force_its_tasks_go_with_it_and_come_back_with_it(service: Service) -> None:
    """And all below them, of whatever project; what was deleted before stays deleted."""
    owner = (await make_user(service)).name
    project, other = await make_project(service, owner), await make_project(service, owner)
    above = await make_task(service, owner, project=other.name)
    first = await make_task(service, owner, project=project.name, parent_task=above.name)
    second = await make_task(service, owner, project=project.name, parent_task=first.name)
    below = await make_task(service, owner, parent_task=second.name)
    elsewhere = await make_task(service, owner, project=other.name, parent_task=first.name)
    done = await make_task(service, owner, project=project.name)
    await service.tasks.CompleteTask(CompleteTaskRequest(name=done.name))
    before = await deleted_task(service, owner, project=project.name)
    below_before = await deleted_task(service, owner, parent_task=first.name)
    tree = (first, second, below, elsewhere, done)
    as_they_were = await get_all(service, *tree)

    gone = await delete_project(service, project.name, force=True)
    assert gone.task_count == 0
    for task, was in zip(await get_all(service, *tree), as_they_were, strict=True):
        assert (task.delete_time, task.purge_time) == (gone.delete_time, gone.purge_time)
        assert (task.project, task.parent_task, task.state) == (was.project, was.parent_task, was.state)
        assert task.version == was.version + 1
    assert await get_all(service, above, before, below_before) == [above, before, below_before]

    back = await undelete_project(service, project.name)
    assert (back.task_count, back.version) == (3, 3)
    for task, was in zip(await get_all(service, *tree), as_they_were, strict=True):
        assert (task.project, task.parent_task, task.state) == (was.project, was.parent_task, was.state)
        assert not task.HasField("delete_time")
        assert task.version == was.version + 2
    assert await get_all(service, above, before, below_before) == [above, before, below_before]


async def test_a_task_of_another_owner_stays_as_it_is(service: Service) -> None:
    """The same ids below another owner are other things."""
    tasks, project_id, task_id = [], uuid.uuid4(), uuid.uuid4()
    for owner in ((await make_user(service)).name, (await make_user(service)).name):
        project = Project(name=f"{owner}/projects/{project_id}", display_name="Letters")
        await update_project(service, project, allow_missing=True)
        task = Task(name=f"{owner}/tasks/{task_id}", title="Read", project=project.name)
        tasks.append(await update_task(service, task, allow_missing=True))
    await delete_project(service, tasks[0].project, force=True)
    gone, kept = await get_all(service, *tasks)
    assert gone.HasField("delete_time")
    assert kept == tasks[1]


async def test_deleting_twice_is_not_found_unless_missing_is_allowed(service: Service) -> None:
    gone = await deleted_project(service, (await make_user(service)).name)
    async with unchanged(service.database_url):
        await refused(delete_project(service, gone.name), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        assert await delete_project(service, gone.name, allow_missing=True) == gone
        assert await delete_project(service, gone.name, allow_missing=True, force=True) == gone


async def test_deleting_what_never_was_answers_its_name_where_missing_is_allowed(service: Service) -> None:
    owner = (await make_user(service)).name
    async with unchanged(service.database_url):
        for name in (f"{owner}/{NO_PROJECT}", f"{NO_USER}/{NO_PROJECT}"):
            await refused(delete_project(service, name), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
            assert await delete_project(service, name, allow_missing=True) == Project(name=name)


async def test_a_stale_etag_deletes_nothing_and_brings_nothing_back(service: Service) -> None:
    owner = (await make_user(service)).name
    made = await make_project(service, owner)
    await make_task(service, owner, project=made.name)
    await update_project(service, Project(name=made.name, archived=True))
    async with unchanged(service.database_url):
        call = delete_project(service, made.name, etag=made.etag, force=True, allow_missing=True)
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")
    await delete_project(service, made.name, force=True)
    async with unchanged(service.database_url):
        await refused(undelete_project(service, made.name, etag=made.etag), Code.ABORTED, "ETAG_MISMATCH")


async def test_a_living_project_cannot_be_brought_back(service: Service) -> None:
    owner = (await make_user(service)).name
    made = await make_project(service, owner)
    await deleted_task(service, owner, project=made.name)
    async with unchanged(service.database_url):
        await refused(undelete_project(service, made.name), Code.ALREADY_EXISTS, "RESOURCE_NOT_DELETED")


async def test_past_its_purge_time_a_project_is_not_found(service: Service) -> None:
    owner = (await make_user(service)).name
    made = await make_project(service, owner)
    await make_task(service, owner, project=made.name)
    await delete_project(service, made.name, force=True)
    project_id = made.name.rpartition("/")[2]
    due = "purge_at = now() - interval '1 second'"
    await run(
        service.database_url,
        f"UPDATE projects SET {due} WHERE id = '{project_id}'",
        f"UPDATE tasks SET {due} WHERE project_id = '{project_id}'",
    )
    async with unchanged(service.database_url):
        await refused(undelete_project(service, made.name), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_below_a_deleted_owner_nothing_is_deleted_or_brought_back(service: Service) -> None:
    owner = (await make_user(service)).name
    made, gone = await make_project(service, owner), await deleted_project(service, owner)
    await service.users.DeleteUser(DeleteUserRequest(name=owner))
    async with unchanged(service.database_url):
        await refused(delete_project(service, made.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")
        await refused(undelete_project(service, gone.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")


async def test_a_deleted_project_takes_no_tasks(service: Service) -> None:
    owner = (await make_user(service)).name
    gone = await deleted_project(service, owner)
    call = make_task(service, owner, project=gone.name)
    await refused(call, Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")


@pytest.mark.parametrize("force", [False, True])
async def test_a_rehearsal_answers_the_same_and_writes_nothing(service: Service, *, force: bool) -> None:
    owner = (await make_user(service)).name
    project = await make_project(service, owner)
    await make_task(service, owner, project=project.name)
    async with unchanged(service.database_url):
        answer = await delete_project(service, project.name, force=force, validate_only=True)
        assert (answer.name, answer.task_count, answer.HasField("delete_time")) == (project.name, 0, True)
    await delete_project(service, project.name, force=force)
    async with unchanged(service.database_url):
        answer = await undelete_project(service, project.name, validate_only=True)
        assert (answer.task_count, answer.HasField("delete_time")) == (int(force), False)


async def test_repeats_are_answered_as_the_first_calls(service: Service) -> None:
    owner = (await make_user(service)).name
    project = await make_project(service, owner)
    await make_task(service, owner, project=project.name)
    deletion = DeleteProjectRequest(name=project.name, force=True, request_id=str(uuid.uuid4()))
    gone = await service.projects.DeleteProject(deletion)
    target = UndeleteProjectRequest(name=project.name, request_id=str(uuid.uuid4()))
    back = await service.projects.UndeleteProject(target)
    async with unchanged(service.database_url):
        assert await service.projects.DeleteProject(deletion) == gone
        assert await service.projects.UndeleteProject(target) == back
    ids = f"'{deletion.request_id}', '{target.request_id}'"
    owners = f"SELECT DISTINCT owner_ids::text[] FROM requests WHERE request_id IN ({ids})"
    assert await select(service.database_url, owners) == [([owner.removeprefix("users/")],)]


async def test_tasks_that_went_with_a_project_do_not_come_back_alone(service: Service) -> None:
    owner = (await make_user(service)).name
    project = await make_project(service, owner)
    task = await make_task(service, owner, project=project.name)
    await delete_project(service, project.name, force=True)
    async with unchanged(service.database_url):
        call = service.tasks.UndeleteTask(UndeleteTaskRequest(name=task.name))
        await refused(call, Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
