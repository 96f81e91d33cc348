"""For every method a request that it accepts, on rows of its own, so that they can be made in any order."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from google.protobuf.message import Message

from taxiway.v1 import api_key_pb2, project_pb2, tag_pb2, task_pb2, user_pb2
from taxiway.v1 import auth_service_pb2 as auth
from taxiway.v1 import project_service_pb2 as projects
from taxiway.v1 import task_service_pb2 as tasks
from taxiway.v1 import user_service_pb2 as users
from tests.e2e.conftest import Service
from tests.e2e.making import (
    PASSWORD,
    deleted_project,
    deleted_task,
    deleted_user,
    make_api_key,
    make_project,
    make_task,
    make_user,
    password_reset,
    sign_in,
    suspended_user,
    user_draft,
    with_password,
)
from tests.e2e.methods import Method

Requests = dict[str, Message]  # by the names of the methods


async def _of_users(service: Service) -> Requests:
    owner, gone, leaving = await make_user(service), await deleted_user(service), await make_user(service)
    suspended, loud = await suspended_user(service), await make_user(service)
    renamed = user_pb2.User(name=owner.name, display_name="Ada", annotations={"a": "1", "b": "2"})
    return {
        "CreateUser": users.CreateUserRequest(user=user_draft(display_name="Grace")),
        "GetUser": users.GetUserRequest(name=owner.name),
        "BatchGetUsers": users.BatchGetUsersRequest(names=[owner.name, gone.name]),
        "ListUsers": users.ListUsersRequest(page_size=2),
        "UpdateUser": users.UpdateUserRequest(user=renamed),
        "DeleteUser": users.DeleteUserRequest(name=leaving.name),
        "UndeleteUser": users.UndeleteUserRequest(name=gone.name),
        "SuspendUser": users.SuspendUserRequest(name=loud.name),
        "ReactivateUser": users.ReactivateUserRequest(name=suspended.name),
        "CreatePasswordReset": users.CreatePasswordResetRequest(parent=owner.name),
        "ImportUsers": users.ImportUsersRequest(users=[users.UserImport(user=user_draft())]),
        "ExportUserData": users.ExportUserDataRequest(name=owner.name),
        "EraseUser": users.EraseUserRequest(name=(await make_user(service)).name),
        "ListAuditEvents": users.ListAuditEventsRequest(subject=owner.name, page_size=2),
    }


async def _of_auth(service: Service) -> Requests:
    user, machine = await with_password(service), (await make_api_key(service)).name.partition("/apiKeys/")[0]
    tokens, ended = await sign_in(service, user), await sign_in(service, user)
    reset = await password_reset(service, (await make_user(service)).name)
    key = api_key_pb2.ApiKey(display_name="Nightly", scopes=["tasks.read"])
    return {
        "SignIn": auth.SignInRequest(login=user.username, password=PASSWORD),
        "RefreshSession": auth.RefreshSessionRequest(refresh_token=tokens.refresh_token),
        "SignOut": auth.SignOutRequest(),
        "ChangePassword": auth.ChangePasswordRequest(old_password=PASSWORD, new_password=f"{PASSWORD}, again"),
        "SetPassword": auth.SetPasswordRequest(reset_token=reset, new_password=PASSWORD),
        "ListSessions": auth.ListSessionsRequest(parent=user.name, page_size=2),
        "RevokeSession": auth.RevokeSessionRequest(name=ended.session.name),
        "GetSigningKeys": auth.GetSigningKeysRequest(),
        "CreateApiKey": auth.CreateApiKeyRequest(parent=machine, api_key=key),
        "ListApiKeys": auth.ListApiKeysRequest(parent=machine, page_size=2),
        "RevokeApiKey": auth.RevokeApiKeyRequest(name=(await make_api_key(service)).name),
    }


async def _of_tasks(service: Service) -> Requests:
    owner = await make_user(service)
    names = [(await make_task(service, owner.name)).name for _ in range(6)]
    read, updated, deleted, started, completed, cancelled = names
    done = (await make_task(service, owner.name)).name
    await service.tasks.CompleteTask(tasks.CompleteTaskRequest(name=done))
    changed = task_pb2.Task(name=updated, title="Send the letter", description="By post")
    return {
        "CreateTask": tasks.CreateTaskRequest(parent=owner.name, task=task_pb2.Task(title="Read the answer")),
        "GetTask": tasks.GetTaskRequest(name=read),
        "ListTasks": tasks.ListTasksRequest(parent=owner.name, page_size=2),
        "UpdateTask": tasks.UpdateTaskRequest(task=changed),
        "DeleteTask": tasks.DeleteTaskRequest(name=deleted),
        "UndeleteTask": tasks.UndeleteTaskRequest(name=(await deleted_task(service, owner.name)).name),
        "StartTask": tasks.StartTaskRequest(name=started),
        "CompleteTask": tasks.CompleteTaskRequest(name=completed),
        "CancelTask": tasks.CancelTaskRequest(name=cancelled),
        "ReopenTask": tasks.ReopenTaskRequest(name=done),
        "SearchTasks": tasks.SearchTasksRequest(parent=owner.name, query="letter", page_size=2),
        "ImportTasks": tasks.ImportTasksRequest(
            parent=owner.name, tasks=[tasks.TaskImport(task=task_pb2.Task(title="Import"))]
        ),
        "ExportTasks": tasks.ExportTasksRequest(parent=owner.name),
    }


async def _of_batches(service: Service) -> Requests:
    owner = (await make_user(service)).name
    names = [(await make_task(service, owner)).name for _ in range(4)]
    drafts = [tasks.CreateTaskRequest(task=task_pb2.Task(title=title)) for title in ("One", "Two")]
    changed = [tasks.UpdateTaskRequest(task=task_pb2.Task(name=name, title="Changed")) for name in names[:2]]
    deleted = [tasks.DeleteTaskRequest(name=name) for name in names[2:]]
    return {
        "BatchGetTasks": tasks.BatchGetTasksRequest(parent=owner, names=names[:2]),
        "BatchCreateTasks": tasks.BatchCreateTasksRequest(parent=owner, requests=drafts),
        "BatchUpdateTasks": tasks.BatchUpdateTasksRequest(parent=owner, requests=changed),
        "BatchDeleteTasks": tasks.BatchDeleteTasksRequest(parent=owner, requests=deleted),
    }


async def _of_tags(service: Service) -> Requests:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["home", "work"])
    home, work = (await service.tasks.ListTags(tasks.ListTagsRequest(parent=owner))).tags
    return {
        "ListTags": tasks.ListTagsRequest(parent=owner, page_size=1),
        "UpdateTag": tasks.UpdateTagRequest(tag=tag_pb2.Tag(name=home.name, display_name="Household")),
        "DeleteTag": tasks.DeleteTagRequest(name=work.name),
    }


async def _of_projects(service: Service) -> Requests:
    owner = (await make_user(service)).name
    read, updated, deleted = [(await make_project(service, owner)).name for _ in range(3)]
    changed = project_pb2.Project(name=updated, color="#112233")
    return {
        "CreateProject": projects.CreateProjectRequest(
            parent=owner, project=project_pb2.Project(display_name="Garden")
        ),
        "GetProject": projects.GetProjectRequest(name=read),
        "ListProjects": projects.ListProjectsRequest(parent=owner, page_size=2),
        "UpdateProject": projects.UpdateProjectRequest(project=changed),
        "DeleteProject": projects.DeleteProjectRequest(name=deleted),
        "UndeleteProject": projects.UndeleteProjectRequest(name=(await deleted_project(service, owner)).name),
    }


# By what the full name of a method matches, the first that does.
_OF: dict[str, Callable[[Service], Awaitable[Requests]]] = {
    "UserService": _of_users,
    "AuthService": _of_auth,
    "TaskService/Batch": _of_batches,
    "TaskService/.*Tags?$": _of_tags,
    "TaskService": _of_tasks,
    "ProjectService": _of_projects,
}


async def accepted_requests(service: Service) -> Requests:
    """Of all methods. What is about the caller is accepted of whoever has the PASSWORD."""
    return {name: request for make in _OF.values() for name, request in (await make(service)).items()}


async def accepted(service: Service, method: Method) -> Any:
    """Of one method; what else it takes to make is made of its kind alone."""
    make = next(make for pattern, make in _OF.items() if re.search(pattern, method.path))
    return (await make(service))[method.name]
