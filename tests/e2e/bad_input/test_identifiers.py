"""Ids in every form that `uuid.UUID()` swallows, wherever an id may stand: one form is canonical, no other is taken."""

import uuid
from typing import Any

import grpc
import pytest

# googleapis-common-protos ships no types; `unused-ignore` stands for configurations that know this already.
from google.api import field_behavior_pb2, resource_pb2  # type: ignore[import-untyped, unused-ignore]
from google.protobuf.descriptor import FieldDescriptor

from taxiway.v1 import access_pb2
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest
from taxiway.v1.user_service_pb2 import BatchGetUsersRequest, CreateUserRequest
from tests.e2e.accepted import accepted
from tests.e2e.bad_input.values import UUID, swallowed
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, user_draft
from tests.e2e.methods import Method, methods, mutations
from tests.e2e.refusals import refused

Code = grpc.StatusCode
BAD_USERS = [f"users/{form}" for form in swallowed()]
BAD_TASKS = [f"users/me/tasks/{form}" for form in swallowed()] + [f"{user}/{NO_TASK}" for user in BAD_USERS]
BAD_OTHERS = {
    collection: [f"users/me/{collection}/{form}" for form in swallowed()]
    + [f"{user}/{collection}/{UUID}" for user in BAD_USERS]
    + [f"{NO_USER}/{collection}/", f"{NO_USER}/{collection}/{UUID}/", f"{NO_USER}/tasks/{UUID}", NO_USER]
    for collection in ("sessions", "apiKeys", "projects", "tags")
}
BAD_SHAPES = ["", "/", "users", "users/", f"Users/{UUID}", f"/users/{UUID}", f"users/{UUID}/", f"users//{UUID}", UUID]
BAD_TASK_SHAPES = [
    f"{NO_USER}/task/{UUID}",
    f"{NO_USER}/tasks/",
    f"{NO_USER}/{NO_TASK}/",
    f"{NO_USER}//{NO_TASK}",
    NO_USER,
]
BAD = {
    "taxiway.dev/User": BAD_USERS + BAD_SHAPES,
    "taxiway.dev/Task": BAD_TASKS + BAD_SHAPES + BAD_TASK_SHAPES,
    "taxiway.dev/Project": BAD_OTHERS["projects"] + BAD_SHAPES,
    "taxiway.dev/Tag": BAD_OTHERS["tags"] + BAD_SHAPES,
    "taxiway.dev/Session": BAD_OTHERS["sessions"] + BAD_SHAPES,
    "taxiway.dev/ApiKey": BAD_OTHERS["apiKeys"] + BAD_SHAPES,
}


async def invalid(service: Service, method: Method, request: Any, field: str) -> None:
    call = method.raw(service.channel)(request.SerializeToString())
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == [field]


def kind_of(field: FieldDescriptor) -> str:
    """The type of the resource that a request's field names; that of what a parent has children of is always User."""
    reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
    return "taxiway.dev/User" if reference.child_type else str(reference.type)


def named() -> list[tuple[Method, str, list[str]]]:
    """Every field that names a single resource: its method, its path, and the names that it must not take."""
    found = []
    for method in methods():
        every = [field for field in method.descriptor.input_type.fields if not field.is_repeated]
        found += [(method, field.name, bad_names(method, field)) for field in every if kind_of(field)]
        if method.name.startswith("Update"):
            kind = method.name.removeprefix("Update")
            found.append((method, f"{kind.lower()}.name", BAD[f"taxiway.dev/{kind}"]))
    return found


def bad_names(method: Method, field: FieldDescriptor) -> list[str]:
    """`users/-` stands for all owners where the method says so, and what is optional may be empty."""
    options = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    allowed = {""} if field_behavior_pb2.OPTIONAL in options else set()
    across = method.descriptor.GetOptions().Extensions[access_pb2.access].across_owners
    given = [name for name in BAD[kind_of(field)] if name not in allowed]
    return [name for name in given if not (across and name in ("users/-", f"users/-/{NO_TASK}"))]


@pytest.mark.parametrize(
    ("method", "field", "bad"), [pytest.param(*case, id=f"{case[0]}-{case[1]}") for case in named()]
)
async def test_names_of_another_form(shared_service: Service, method: Method, field: str, bad: list[str]) -> None:
    request: Any = await accepted(shared_service, method)
    *way, last = field.split(".")
    part = getattr(request, way[0]) if way else request
    for name in bad:
        setattr(part, last, name)
        await invalid(shared_service, method, request, field)


@pytest.mark.parametrize("method", mutations(), ids=str)
async def test_request_ids_of_another_form(shared_service: Service, method: Method) -> None:
    request: Any = await accepted(shared_service, method)
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


def test_every_method_that_names_one_resource_is_tried() -> None:
    fields = {method.name: set(method.descriptor.input_type.fields_by_name) for method in methods()}
    naming = {name for name, given in fields.items() if given & {"name", "parent", "subject", "update_mask"}}
    assert {method.name for method, _, _ in named()} == naming


def test_the_forms_are_those_that_python_swallows() -> None:
    """The corpus is worth something: `uuid.UUID()` takes most of it for the very same id."""
    taken = 0
    for form in swallowed():
        try:
            taken += uuid.UUID(form) == uuid.UUID(UUID)
        except ValueError:
            continue
    assert taken >= 7
