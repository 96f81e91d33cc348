"""Ids in every form that `uuid.UUID()` swallows, wherever an id may stand: one form is canonical, no other is taken."""

import uuid
from typing import Any

import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest
from taxiway.v1.user_service_pb2 import BatchGetUsersRequest, CreateUserRequest
from tests.e2e.bad_input.values import UUID, swallowed
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, user_draft
from tests.e2e.methods import Method, accepted_requests, methods, mutations
from tests.e2e.refusals import refused

Code = grpc.StatusCode
BAD_USERS = [f"users/{form}" for form in swallowed()]
BAD_TASKS = [f"users/me/tasks/{form}" for form in swallowed()] + [f"{user}/{NO_TASK}" for user in BAD_USERS]
BAD_SHAPES = ["", "/", "users", "users/", f"Users/{UUID}", f"/users/{UUID}", f"users/{UUID}/", f"users//{UUID}", UUID]
BAD_TASK_SHAPES = [
    f"{NO_USER}/task/{UUID}",
    f"{NO_USER}/tasks/",
    f"{NO_USER}/{NO_TASK}/",
    f"{NO_USER}//{NO_TASK}",
    NO_USER,
]


async def invalid(service: Service, method: Method, request: Any, field: str) -> None:
    call = method.raw(service.channel)(request.SerializeToString())
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == [field]


def named(kind: str) -> list[tuple[Method, str]]:
    """The methods that name a resource of this kind, and the path of the field that does."""
    found = []
    for method in methods():
        fields = method.descriptor.input_type.fields_by_name
        if method.name.endswith(kind) and "name" in fields:
            found.append((method, "name"))
        if method.name == f"Update{kind}":
            found.append((method, f"{kind.lower()}.name"))
        if kind == "User" and "parent" in fields:
            found.append((method, "parent"))
    return found


NAMES = [(*pair, BAD_USERS + BAD_SHAPES) for pair in named("User")]
NAMES += [(*pair, BAD_TASKS + BAD_SHAPES + BAD_TASK_SHAPES) for pair in named("Task")]


@pytest.mark.parametrize(("method", "field", "bad"), [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in NAMES])
async def test_names_of_another_form(shared_service: Service, method: Method, field: str, bad: list[str]) -> None:
    request: Any = (await accepted_requests(shared_service))[method.name]
    *way, last = field.split(".")
    part = getattr(request, way[0]) if way else request
    for name in bad:
        setattr(part, last, name)
        await invalid(shared_service, method, request, field)


@pytest.mark.parametrize("method", mutations(), ids=str)
async def test_request_ids_of_another_form(shared_service: Service, method: Method) -> None:
    request: Any = (await accepted_requests(shared_service))[method.name]
    for form in swallowed():
        request.request_id = form
        await invalid(shared_service, method, request, "request_id")


async def test_chosen_ids_of_another_form(untouched: Service) -> None:
    for form in swallowed():
        user = CreateUserRequest(user_id=form, user=user_draft())
        task = CreateTaskRequest(parent="users/me", task_id=form, task=Task(title="Write"))
        for call, field in (
            (untouched.users.CreateUser(user), "user_id"),
            (untouched.tasks.CreateTask(task), "task_id"),
        ):
            assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == [field]


async def test_names_of_another_form_in_a_batch(untouched: Service) -> None:
    for name in BAD_USERS + BAD_SHAPES:
        call = untouched.users.BatchGetUsers(BatchGetUsersRequest(names=["users/me", name]))
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["names[1]"]


def test_the_forms_are_those_that_python_swallows() -> None:
    """The corpus is worth something: `uuid.UUID()` takes most of it for the very same id."""
    taken = 0
    for form in swallowed():
        try:
            taken += uuid.UUID(form) == uuid.UUID(UUID)
        except ValueError:
            continue
    assert taken >= 7
