"""What the service alone writes is written by nobody else, whatever a caller plants in it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.auth_service_pb2 import CreateApiKeyRequest
from taxiway.v1.project_pb2 import Project
from taxiway.v1.project_service_pb2 import CreateProjectRequest, UpdateProjectRequest
from taxiway.v1.tag_pb2 import Tag
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import (
    BatchCreateTasksRequest,
    BatchUpdateTasksRequest,
    CreateTaskRequest,
    ImportTasksRequest,
    ListTagsRequest,
    ListTasksRequest,
    TaskImport,
    UpdateTagRequest,
    UpdateTaskRequest,
)
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import (
    CreateUserRequest,
    GetUserRequest,
    ImportUsersRequest,
    UpdateUserRequest,
    UserImport,
)
from tests.conftest import Databases
from tests.e2e.access.contract import rpcs
from tests.e2e.access.fields import is_output_only, kept, output_only, paths, with_planted
from tests.e2e.conftest import Service, Stubs, in_process
from tests.e2e.making import make_task
from tests.e2e.refusals import refused

TRIED = {
    *("CreateUser", "UpdateUser", "ImportUsers", "CreateTask", "UpdateTask", "CreateApiKey"),
    *("CreateProject", "UpdateProject", "UpdateTag", "BatchCreateTasks", "BatchUpdateTasks"),
    "ImportTasks",
}


@pytest.fixture(scope="module")
async def service(databases: Databases, migrated_template: str) -> AsyncIterator[Service]:
    """One server for all resources."""
    async with databases(template=migrated_template) as url, in_process(url) as serving:
        yield serving


def user(**fields: Any) -> User:
    unique = f"u{uuid4().hex}"
    return with_planted(User, username=unique, email=f"{unique}@example.com", **fields)


def test_no_other_request_carries_an_output_only_field() -> None:
    """A method that is added and takes a resource is to be tried here."""
    carrying = {
        str(rpc)
        for rpc in rpcs()
        for path, field in paths(rpc.descriptor.input_type)
        if "." in path and is_output_only(field)
    }
    assert carrying == TRIED


async def test_what_is_planted_in_a_new_resource_is_not_kept(service: Service) -> None:
    account = await service.accounts.make("SERVICE", ("tasks.read",))
    made_user = await service.users.CreateUser(CreateUserRequest(user=user(name="users/planted")))
    task = with_planted(Task, title="A task", name="users/planted/tasks/planted")
    made_task = await service.tasks.CreateTask(CreateTaskRequest(parent=made_user.name, task=task))
    key = with_planted(ApiKey, scopes=["tasks.read"], name="users/planted/apiKeys/planted")
    made_key = (await service.auth.CreateApiKey(CreateApiKeyRequest(parent=account.name, api_key=key))).api_key
    for made in (made_user, made_task, made_key):
        assert kept(made) == []
        assert "planted" not in made.name


async def test_what_is_planted_in_an_imported_user_is_not_kept(service: Service) -> None:
    user_id = str(uuid4())
    rows = [UserImport(user_id=user_id, user=user(name="users/planted"))]
    answer = await service.users.ImportUsers(iter([ImportUsersRequest(users=rows)]))
    assert answer.created == 1
    assert kept(await service.users.GetUser(GetUserRequest(name=f"users/{user_id}"))) == []


async def test_what_is_planted_in_many_tasks_at_once_is_not_kept(service: Service) -> None:
    owner = (await service.users.CreateUser(CreateUserRequest(user=user()))).name
    draft = with_planted(Task, title="A task", name="users/planted/tasks/planted")
    batch = BatchCreateTasksRequest(parent=owner, requests=[CreateTaskRequest(task=draft)])
    (made,) = (await service.tasks.BatchCreateTasks(batch)).tasks
    changed = UpdateTaskRequest(task=with_planted(Task, name=made.name))
    (after,) = (await service.tasks.BatchUpdateTasks(BatchUpdateTasksRequest(parent=owner, requests=[changed]))).tasks
    assert kept(made) == []
    assert after == made


async def test_what_is_planted_in_an_imported_task_is_not_kept(service: Service) -> None:
    owner = (await service.users.CreateUser(CreateUserRequest(user=user()))).name
    row = with_planted(Task, title="A task", name="users/planted/tasks/planted")
    row.ClearField("state")  # these three an import takes over
    row.ClearField("start_time")
    row.ClearField("complete_time")
    rows = ImportTasksRequest(parent=owner, tasks=[TaskImport(task=row)])
    answer = await service.tasks.ImportTasks(iter([rows, ImportTasksRequest(parent=owner, count=1)]))
    assert answer.created == 1
    (made,) = (await service.tasks.ListTasks(ListTasksRequest(parent=owner))).tasks
    assert kept(made) == []


async def test_what_is_planted_in_a_project_or_a_tag_is_not_kept(service: Service) -> None:
    owner = (await service.users.CreateUser(CreateUserRequest(user=user()))).name
    draft = with_planted(Project, display_name="A project", name="users/planted/projects/planted")
    project = await service.projects.CreateProject(CreateProjectRequest(parent=owner, project=draft))
    assert kept(project) == []
    planted = UpdateProjectRequest(project=with_planted(Project, name=project.name))
    assert await service.projects.UpdateProject(planted) == project
    await make_task(service, owner, tags=["planted"])
    (tag,) = (await service.tasks.ListTags(ListTagsRequest(parent=owner))).tags
    assert await service.tasks.UpdateTag(UpdateTagRequest(tag=with_planted(Tag, name=tag.name))) == tag


async def resource(service: Service, stubs: Stubs, kind: type[Message]) -> tuple[Any, Any]:
    """One of the caller's own, and how it is updated."""
    if kind is User:
        return await stubs.users.GetUser(
            GetUserRequest(name="users/me")
        ), lambda message, mask, **options: stubs.users.UpdateUser(
            UpdateUserRequest(user=message, update_mask=mask, **options)
        )
    owner = (await stubs.users.GetUser(GetUserRequest(name="users/me"))).name
    return await make_task(service, owner), lambda message, mask, **options: stubs.tasks.UpdateTask(
        UpdateTaskRequest(task=message, update_mask=mask, **options)
    )


@pytest.mark.parametrize("role", ["USER", "ADMIN"])
@pytest.mark.parametrize("kind", [User, Task])
async def test_an_update_of_planted_fields_alone_changes_nothing(
    service: Service, kind: type[Message], role: str
) -> None:
    stubs = await service.called_by(role)
    before, update = await resource(service, stubs, kind)
    planted = with_planted(kind, name=before.name)
    for upsert in (False, True):
        assert await update(planted, None, allow_missing=upsert) == before


@pytest.mark.parametrize("role", ["USER", "ADMIN"])
@pytest.mark.parametrize("kind", [User, Task])
async def test_a_mask_that_names_an_output_only_field_is_refused(
    service: Service, kind: type[Message], role: str
) -> None:
    stubs = await service.called_by(role)
    before, update = await resource(service, stubs, kind)
    for field in output_only(kind):
        call = update(with_planted(kind, name=before.name), FieldMask(paths=[field.name]))
        await refused(call, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert await update(type(before)(name=before.name), None) == before
