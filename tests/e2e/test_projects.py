"""CreateProject, GetProject and UpdateProject: what is kept, below whom, and what may be changed."""

import uuid

import grpc
import pytest

from taxiway.v1.project_pb2 import Project
from taxiway.v1.project_service_pb2 import CreateProjectRequest, GetProjectRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import (
    NO_USER,
    delete_project,
    deleted_project,
    deleted_user,
    get_project,
    make_project,
    make_task,
    make_user,
    update_project,
)
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
BLUE = "#3B82F6"
NO_PROJECT = "projects/00000000-0000-4000-8000-00000000beef"


async def test_a_project_is_kept_as_it_was_given(service: Service) -> None:
    owner = await make_user(service)
    made = await make_project(service, owner.name, description="All of it", color="#a1b2c3", archived=True)
    assert await get_project(service, made.name) == made
    assert (made.display_name, made.description, made.color, made.archived) == ("Letters", "All of it", "#A1B2C3", True)


async def test_what_is_not_given_gets_its_default(service: Service) -> None:
    made = await make_project(service, (await make_user(service)).name)
    assert (made.description, made.color, made.archived, made.task_count, made.version) == ("", BLUE, False, 0, 1)
    assert not made.HasField("delete_time")
    assert not made.HasField("purge_time")


async def test_users_me_stands_for_the_caller(service: Service) -> None:
    me = await service.users.GetUser(GetUserRequest(name="users/me"))
    made = await make_project(service, "users/me")
    assert made.name.startswith(f"{me.name}/projects/")
    assert await get_project(service, f"users/me/projects/{made.name.rpartition('/')[2]}") == made


async def test_the_caller_may_choose_the_id_once(service: Service) -> None:
    owner, chosen = await make_user(service), str(uuid.uuid4())
    request = CreateProjectRequest(parent=owner.name, project_id=chosen, project=Project(display_name="Garden"))
    made = await service.projects.CreateProject(request)
    assert made.name == f"{owner.name}/projects/{chosen}"
    await refused(service.projects.CreateProject(request), Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    await delete_project(service, made.name)
    await refused(service.projects.CreateProject(request), Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", ""),
        ("display_name", "x" * 201),
        ("display_name", "a\x00b"),
        ("description", "x" * 10_001),
        ("color", "#12345"),
        ("color", "#1234567"),
        ("color", "123456"),
        ("color", "#12345g"),
        ("color", "#12345\n"),
        ("color", "#１２３４５６"),
        ("color", "red"),
    ],
)
async def test_a_field_that_breaks_a_rule_is_named(service: Service, field: str, value: str) -> None:
    owner = await make_user(service)
    async with unchanged(service.database_url):
        refusal = await refused(
            make_project(service, owner.name, **{field: value}), Code.INVALID_ARGUMENT, "INVALID_FIELD"
        )
    assert refusal.fields == [f"project.{field}"]


async def test_below_a_missing_or_deleted_owner_there_is_no_project(service: Service) -> None:
    await refused(make_project(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    gone = await deleted_user(service)
    await refused(make_project(service, gone.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")


async def test_a_missing_project_is_not_found_and_a_deleted_one_is(service: Service) -> None:
    owner = await make_user(service)
    await refused(get_project(service, f"{owner.name}/{NO_PROJECT}"), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    gone = await deleted_project(service, owner.name)
    assert await get_project(service, gone.name) == gone
    call = service.projects.GetProject(GetProjectRequest(name=f"{owner.name}/tasks/{uuid.uuid4()}"))
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["name"]


async def test_an_update_writes_what_is_set_or_what_the_mask_names(service: Service) -> None:
    made = await make_project(service, (await make_user(service)).name, description="Old", color="#112233")
    changed = await update_project(service, Project(name=made.name, display_name="Mail"))
    assert (changed.display_name, changed.description, changed.color, changed.version) == ("Mail", "Old", "#112233", 2)
    changed = await update_project(service, Project(name=made.name, archived=True), "archived", "description")
    assert (changed.display_name, changed.description, changed.archived) == ("Mail", "", True)
    changed = await update_project(service, Project(name=made.name), "archived", "color")
    assert (changed.archived, changed.color) == (False, BLUE)
    assert changed.create_time == made.create_time


async def test_a_star_writes_all_fields(service: Service) -> None:
    made = await make_project(
        service, (await make_user(service)).name, description="Old", color="#112233", archived=True
    )
    changed = await update_project(service, Project(name=made.name, display_name="Mail"), "*")
    assert (changed.display_name, changed.description, changed.color, changed.archived) == ("Mail", "", BLUE, False)
    call = update_project(service, Project(name=made.name), "*")
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["project.display_name"]


@pytest.mark.parametrize("path", ["task_count", "version", "name", "title", "color.red"])
async def test_a_mask_names_what_may_be_written(service: Service, path: str) -> None:
    made = await make_project(service, (await make_user(service)).name)
    call = update_project(service, made, path)
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["update_mask"]


async def test_an_update_that_changes_nothing_keeps_version_and_time(service: Service) -> None:
    made = await make_project(service, (await make_user(service)).name)
    assert await update_project(service, made) == made


async def test_an_update_answers_how_many_tasks_live(service: Service) -> None:
    owner = await make_user(service)
    made = await make_project(service, owner.name)
    await make_task(service, owner.name, project=made.name)
    assert (await update_project(service, Project(name=made.name, archived=True))).task_count == 1


async def test_a_stale_etag_writes_nothing(service: Service) -> None:
    made = await make_project(service, (await make_user(service)).name)
    fresh = await update_project(service, Project(name=made.name, color="#000000", etag=made.etag))
    async with unchanged(service.database_url):
        call = update_project(service, Project(name=made.name, color="#111111", etag=made.etag))
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")
    assert await get_project(service, made.name) == fresh


async def test_a_missing_project_is_made_where_missing_is_allowed(service: Service) -> None:
    owner = await make_user(service)
    project = Project(name=f"{owner.name}/projects/{uuid.uuid4()}", display_name="Garden")
    await refused(update_project(service, project), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    made = await update_project(service, project, allow_missing=True)
    assert (made.name, made.version, made.color) == (project.name, 1, BLUE)
    half = Project(name=f"{owner.name}/projects/{uuid.uuid4()}", color="#000000")
    call = update_project(service, half, "color", allow_missing=True)
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["project.display_name"]
    changed = await update_project(service, Project(name=made.name, color="#000000"), "color", allow_missing=True)
    assert (changed.color, changed.version) == ("#000000", 2)


async def test_below_a_missing_owner_nothing_is_made_by_an_update(service: Service) -> None:
    project = Project(name=f"{NO_USER}/{NO_PROJECT}", display_name="Garden")
    await refused(update_project(service, project), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    await refused(update_project(service, project, allow_missing=True), Code.NOT_FOUND, "PARENT_NOT_FOUND")


@pytest.mark.parametrize("allow_missing", [False, True])
async def test_a_deleted_project_is_not_changed(service: Service, *, allow_missing: bool) -> None:
    gone = await deleted_project(service, (await make_user(service)).name)
    call = update_project(service, Project(name=gone.name, display_name="Mail"), allow_missing=allow_missing)
    await refused(call, Code.FAILED_PRECONDITION, "RESOURCE_DELETED")


async def test_a_rehearsal_answers_without_an_id_of_its_own_and_writes_nothing(service: Service) -> None:
    owner = await make_user(service)
    async with unchanged(service.database_url):
        request = CreateProjectRequest(parent=owner.name, project=Project(display_name="Garden"), validate_only=True)
        answer = await service.projects.CreateProject(request)
    assert (answer.name, answer.display_name, answer.color) == ("", "Garden", BLUE)


async def test_a_repeat_is_answered_as_the_first_call_and_found_by_its_owner(service: Service) -> None:
    owner, request_id = await make_user(service), str(uuid.uuid4())
    project = Project(display_name="Garden")
    request = CreateProjectRequest(parent=owner.name, project=project, request_id=request_id)
    made = await service.projects.CreateProject(request)
    assert await service.projects.CreateProject(request) == made
    owners = f"SELECT owner_ids::text[] FROM requests WHERE request_id = '{request_id}'"
    assert await select(service.database_url, owners) == [([owner.name.removeprefix("users/")],)]
    request.project.color = "#000000"
    await refused(service.projects.CreateProject(request), Code.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
