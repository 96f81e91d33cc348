"""Update masks: each field of each resource is tried; a mask is no mass assignment."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import GetTaskRequest, UpdateTaskRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import BatchGetUsersRequest, GetUserRequest, UpdateUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import make_project, make_task, make_user
from tests.e2e.refusals import refused

Code = grpc.StatusCode
# The declared table: a new field of a resource fails the test below until it stands on one side.
WRITABLE = {
    "Task": {"title", "description", "priority", "due_time", "tags", "project", "parent_task", "metadata"},
    "User": {"email", "username", "display_name", "phone_number", "time_zone", "role", "annotations"},
}
NOTHING: Mapping[str, str] = MappingProxyType({})
OF_SERVICES = {"scopes", "certificate_uris"}  # written of an account of this role alone
WRITABLE["User"] |= OF_SERVICES
OTHERS = {
    "Task": {"name", "state", "start_time", "complete_time", "creator", "updater"},
    "User": {"name", "state"},
}
KEPT_BY_THE_SERVICE = {"create_time", "update_time", "delete_time", "purge_time", "version", "etag"}
UNKNOWN = ["", " ", "id", "Title", "title ", "task.title", "user.username", "title.x", "due_time.seconds", "state.OPEN"]
UNKNOWN += ["*.title", "title,description", "annotations.", "annotations..", "annotations.`", "annotations.``", "."]
UNKNOWN += ["annotations.a.b", "owner_id", "created_at", "version; DROP TABLE tasks", "x" * 10_000, "\U0001f6eb"]


@pytest.mark.parametrize("resource", [Task, User], ids=["Task", "User"])
def test_every_field_of_a_resource_is_classified(resource: type[Task] | type[User]) -> None:
    kind = resource.DESCRIPTOR.name
    assert set(resource.DESCRIPTOR.fields_by_name) == WRITABLE[kind] | OTHERS[kind] | KEPT_BY_THE_SERVICE


def given(kind: str, name: str, related: Mapping[str, str] = NOTHING) -> Task | User:
    """Every field that callers write, with a value that no resource is made with."""
    if kind == "Task":
        task = Task(name=name, title="Send it", description="By post", priority=Task.HIGH)
        task.MergeFrom(Task(project=related.get("project", ""), parent_task=related.get("parent_task", "")))
        task.due_time.seconds = 2_000_000_000
        task.metadata.update({"color": "red"})
        task.tags.append("post")
        return task
    user = User(name=name, time_zone="Asia/Tokyo", role=User.ADMIN, annotations={"team": "engines"})
    user.MergeFrom(User(username=f"u-{name[-12:]}", email="grace@example.com", display_name="Grace"))
    user.MergeFrom(User(phone_number="+4930123456", scopes=["tasks.read"], certificate_uris=["spiffe://example.com/a"]))
    return user


async def update(service: Service, kind: str, name: str, *paths: str, related: Mapping[str, str] = NOTHING) -> Any:
    mask, resource = FieldMask(paths=paths), given(kind, name, related)
    if isinstance(resource, Task):
        return await service.tasks.UpdateTask(UpdateTaskRequest(task=resource, update_mask=mask))
    return await service.users.UpdateUser(UpdateUserRequest(user=resource, update_mask=mask))


async def neighbours(service: Service) -> dict[str, str]:
    """A project and a task, by the fields of a task that name them."""
    task = await make_task(service, "users/me")
    owner = task.name.partition("/tasks/")[0]
    return {"parent_task": task.name, "project": (await make_project(service, owner)).name}


async def target(service: Service, kind: str, path: str = "") -> str:
    if kind == "Task":
        return (await make_task(service, "users/me")).name
    return (await make_user(service, role="SERVICE" if path in OF_SERVICES else "USER")).name


async def read(service: Service, kind: str, name: str) -> Task | User:
    if kind == "Task":
        return await service.tasks.GetTask(GetTaskRequest(name=name))
    return await service.users.GetUser(GetUserRequest(name=name))


@pytest.mark.parametrize("kind", ["Task", "User"])
async def test_fields_that_no_caller_writes_are_refused(shared_service: Service, kind: str) -> None:
    name = await target(shared_service, kind)
    for path in sorted(OTHERS[kind] | KEPT_BY_THE_SERVICE):
        call = update(shared_service, kind, name, "title" if kind == "Task" else "username", path)
        refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
        assert refusal.fields == ["update_mask"]
        assert path in refusal.message


@pytest.mark.parametrize("kind", ["Task", "User"])
async def test_fields_that_callers_write_are_taken(shared_service: Service, kind: str) -> None:
    """Each alone: the value that was sent is there afterwards, and was not before."""
    related = await neighbours(shared_service) if kind == "Task" else {}
    for path in sorted(WRITABLE[kind]):
        name = await target(shared_service, kind, path)
        before, sent = await read(shared_service, kind, name), getattr(given(kind, name, related), path)
        assert getattr(before, path) != sent
        await update(shared_service, kind, name, path, related=related)
        assert getattr(await read(shared_service, kind, name), path) == sent


@pytest.mark.parametrize("kind", ["Task", "User"])
@pytest.mark.parametrize("path", UNKNOWN, ids=lambda path: path[:20])
async def test_unknown_paths_are_refused(shared_service: Service, kind: str, path: str) -> None:
    name = await target(shared_service, kind)
    refusal = await refused(update(shared_service, kind, name, path), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["update_mask"]


@pytest.mark.parametrize("kind", ["Task", "User"])
async def test_a_star_stands_alone(shared_service: Service, kind: str) -> None:
    name = await target(shared_service, kind)
    for paths in (("*", "title"), ("*", "*"), ("username", "*")):
        call = update(shared_service, kind, name, *paths)
        await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")


@pytest.mark.parametrize("kind", ["Task", "User"])
async def test_a_mask_of_many_thousand_paths(shared_service: Service, kind: str) -> None:
    name = await target(shared_service, kind)
    call = update(shared_service, kind, name, *["x"] * 100_000)
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(refusal.fields) == {"update_mask"}


async def test_a_mask_of_half_a_million_paths_is_refused_as_one_fault(untouched: Service) -> None:
    """To name each of them would hold the loop for a second, for every caller."""
    request = UpdateUserRequest(user=User(name="users/me"), update_mask=FieldMask(paths=[""] * 500_000))
    refusal = await refused(untouched.users.UpdateUser(request), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert "at most 256 paths" in refusal.message


async def test_a_batch_beyond_its_bound_is_refused_before_its_names_are_read(shared_service: Service) -> None:
    somebody = await shared_service.with_token((await shared_service.accounts.make("USER")).token)
    request = BatchGetUsersRequest(names=["users/me"] * 501)
    refusal = await refused(somebody.users.BatchGetUsers(request), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert "must have 1 to 500 items" in refusal.message
