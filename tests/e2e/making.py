"""Users and tasks for tests, made through the service itself."""

from itertools import count
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1 import (
    api_key_pb2,
    auth_service_pb2,
    project_pb2,
    project_service_pb2,
    task_pb2,
    task_service_pb2,
    user_pb2,
    user_service_pb2,
)
from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.project_pb2 import Project
from taxiway.v1.session_pb2 import SessionTokens
from taxiway.v1.tag_pb2 import Tag
from taxiway.v1.task_pb2 import Task
from taxiway.v1.user_pb2 import User
from tests.e2e.conftest import Service

_numbers = count(1)
NO_USER = "users/00000000-0000-4000-8000-00000000dead"
NO_TASK = "tasks/00000000-0000-4000-8000-00000000beef"
PASSWORD = "seventeen grey herons"
SCOPES = ("users.read", "users.write", "tasks.read", "tasks.write")


def user_draft(**fields: Any) -> user_pb2.User:
    """A user that can be created, of a username that no other has."""
    name = f"user-{next(_numbers)}"
    return user_pb2.User(**{"username": name, "email": f"{name}@example.com", **fields})


async def make_user(service: Service, **fields: Any) -> User:
    return await service.users.CreateUser(user_service_pb2.CreateUserRequest(user=user_draft(**fields)))


async def make_task(service: Service, parent: str, **fields: Any) -> Task:
    task = task_pb2.Task(**{"title": "Write the letter", **fields})
    return await service.tasks.CreateTask(task_service_pb2.CreateTaskRequest(parent=parent, task=task))


async def make_project(service: Service, parent: str, **fields: Any) -> Project:
    project = project_pb2.Project(**{"display_name": "Letters", **fields})
    request = project_service_pb2.CreateProjectRequest(parent=parent, project=project)
    return await service.projects.CreateProject(request)


async def deleted_project(service: Service, parent: str, **fields: Any) -> Project:
    project = await make_project(service, parent, **fields)
    return await service.projects.DeleteProject(project_service_pb2.DeleteProjectRequest(name=project.name))


async def deleted_user(service: Service, **fields: Any) -> User:
    user = await make_user(service, **fields)
    return await service.users.DeleteUser(user_service_pb2.DeleteUserRequest(name=user.name))


async def suspended_user(service: Service, **fields: Any) -> User:
    user = await make_user(service, **fields)
    return await service.users.SuspendUser(user_service_pb2.SuspendUserRequest(name=user.name))


async def password_reset(service: Service, parent: str) -> str:
    """A one-time token."""
    request = user_service_pb2.CreatePasswordResetRequest(parent=parent)
    return (await service.users.CreatePasswordReset(request)).reset_token


async def with_password(service: Service, **fields: Any) -> User:
    """A user who can sign in with PASSWORD."""
    user = await make_user(service, **fields)
    token = await password_reset(service, user.name)
    await service.auth.SetPassword(auth_service_pb2.SetPasswordRequest(reset_token=token, new_password=PASSWORD))
    return user


async def sign_in(service: Service, user: User) -> SessionTokens:
    """A new session of a user who has the PASSWORD."""
    return await service.auth.SignIn(auth_service_pb2.SignInRequest(login=user.username, password=PASSWORD))


async def make_api_key(service: Service, **fields: Any) -> ApiKey:
    """Of an account of its own with every scope."""
    machine = await make_user(service, role="SERVICE", email="", scopes=SCOPES)
    key = api_key_pb2.ApiKey(**{"scopes": SCOPES, **fields})
    request = auth_service_pb2.CreateApiKeyRequest(parent=machine.name, api_key=key)
    return (await service.auth.CreateApiKey(request)).api_key


async def deleted_task(service: Service, parent: str, **fields: Any) -> Task:
    task = await make_task(service, parent, **fields)
    return await service.tasks.DeleteTask(task_service_pb2.DeleteTaskRequest(name=task.name))


async def update_user(service: Service, user: User, *paths: str, **options: Any) -> User:
    mask = FieldMask(paths=paths)
    request = user_service_pb2.UpdateUserRequest(user=user, update_mask=mask, **options)
    return await service.users.UpdateUser(request)


async def update_task(service: Service, task: Task, *paths: str, **options: Any) -> Task:
    mask = FieldMask(paths=paths)
    request = task_service_pb2.UpdateTaskRequest(task=task, update_mask=mask, **options)
    return await service.tasks.UpdateTask(request)


async def get_task(service: Service, name: str) -> Task:
    return await service.tasks.GetTask(task_service_pb2.GetTaskRequest(name=name))


async def get_project(service: Service, name: str) -> Project:
    return await service.projects.GetProject(project_service_pb2.GetProjectRequest(name=name))


async def update_project(service: Service, project: Project, *paths: str, **options: Any) -> Project:
    mask = FieldMask(paths=paths)
    request = project_service_pb2.UpdateProjectRequest(project=project, update_mask=mask, **options)
    return await service.projects.UpdateProject(request)


async def delete_project(service: Service, name: str, **options: Any) -> Project:
    return await service.projects.DeleteProject(project_service_pb2.DeleteProjectRequest(name=name, **options))


async def undelete_project(service: Service, name: str, **options: Any) -> Project:
    return await service.projects.UndeleteProject(project_service_pb2.UndeleteProjectRequest(name=name, **options))


async def tags_of(service: Service, parent: str) -> dict[str, Tag]:
    """By their display names, in the order of the list."""
    request = task_service_pb2.ListTagsRequest(parent=parent, page_size=1000)
    return {tag.display_name: tag for tag in (await service.tasks.ListTags(request)).tags}


async def update_tag(service: Service, tag: Tag, *paths: str, **options: Any) -> Tag:
    mask = FieldMask(paths=paths)
    return await service.tasks.UpdateTag(task_service_pb2.UpdateTagRequest(tag=tag, update_mask=mask, **options))


async def delete_tag(service: Service, name: str, **options: Any) -> None:
    await service.tasks.DeleteTag(task_service_pb2.DeleteTagRequest(name=name, **options))
