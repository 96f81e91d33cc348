"""CreateTask and GetTask: what is kept, below whom, and under which id."""

from datetime import UTC, datetime

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest, GetTaskRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER, deleted_task, deleted_user, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
CHOSEN = "0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"


async def test_a_task_is_kept_as_it_was_given(service: Service) -> None:
    owner = await make_user(service)
    due = Timestamp(seconds=1_900_000_000, nanos=123_456_000)
    made = await make_task(service, owner.name, description="By post", priority="URGENT", due_time=due)
    assert await service.tasks.GetTask(GetTaskRequest(name=made.name)) == made
    assert (made.title, made.description, made.priority) == ("Write the letter", "By post", Task.URGENT)
    assert made.due_time == due


async def test_what_is_not_given_gets_its_default(service: Service) -> None:
    owner = await make_user(service)
    made = await make_task(service, owner.name)
    assert (made.state, made.priority, made.description, made.version) == (Task.OPEN, Task.MEDIUM, "", 1)
    for unset in ("due_time", "start_time", "complete_time", "delete_time", "purge_time"):
        assert not made.HasField(unset)
    assert abs(made.create_time.ToDatetime(UTC) - datetime.now(UTC)).total_seconds() < 60


async def test_who_made_it_is_the_caller(service: Service) -> None:
    owner, me = await make_user(service), await service.users.GetUser(GetUserRequest(name="users/me"))
    made = await make_task(service, owner.name)
    assert (made.creator, made.updater) == (me.name, me.name)


async def test_users_me_stands_for_the_caller_and_answers_carry_the_canonical_name(service: Service) -> None:
    me = await service.users.GetUser(GetUserRequest(name="users/me"))
    made = await make_task(service, "users/me")
    assert made.name.startswith(f"{me.name}/tasks/")
    alias = f"users/me/tasks/{made.name.rpartition('/')[2]}"
    assert await service.tasks.GetTask(GetTaskRequest(name=alias)) == made


async def test_a_caller_may_choose_the_id_once_for_each_owner(service: Service) -> None:
    owner, other = await make_user(service), await make_user(service)
    request = CreateTaskRequest(parent=owner.name, task_id=CHOSEN, task=Task(title="Write"))
    made = await service.tasks.CreateTask(request)
    assert made.name == f"{owner.name}/tasks/{CHOSEN}"
    async with unchanged(service.database_url):
        call = service.tasks.CreateTask(request)
        refusal = await refused(call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert refusal.only(details.ResourceInfo).resource_name == made.name
    request.parent = other.name
    assert (await service.tasks.CreateTask(request)).name == f"{other.name}/tasks/{CHOSEN}"


async def test_the_id_of_a_deleted_task_is_taken(service: Service) -> None:
    gone = await deleted_task(service, "users/me")
    request = CreateTaskRequest(parent="users/me", task_id=gone.name.rpartition("/")[2], task=Task(title="Write"))
    async with unchanged(service.database_url):
        await refused(service.tasks.CreateTask(request), Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")


async def test_nothing_is_made_below_a_user_that_is_missing_or_deleted(service: Service) -> None:
    gone = await deleted_user(service)
    async with unchanged(service.database_url):
        missing = await refused(make_task(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
        assert missing.only(details.ResourceInfo).resource_name == NO_USER
        deleted = await refused(make_task(service, gone.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")
        assert deleted.only(details.ResourceInfo).resource_name == gone.name


async def test_name_state_and_output_only_fields_of_the_body_are_ignored(service: Service) -> None:
    given = {"name": f"{NO_USER}/{NO_TASK}", "state": "COMPLETED", "version": 9, "creator": NO_USER, "etag": '"x"'}
    made = await make_task(service, "users/me", complete_time=Timestamp(seconds=1), **given)
    assert (made.state, made.version) == (Task.OPEN, 1)
    assert not made.HasField("complete_time")
    assert NO_USER not in (made.creator, made.name)


async def test_every_field_that_is_wrong_is_named_at_once(service: Service) -> None:
    wrong = Task(description="x" * 10_001, priority=99, due_time=Timestamp(seconds=-1))  # type: ignore[arg-type]  # no such priority
    call = service.tasks.CreateTask(CreateTaskRequest(parent="me", task_id="1", task=wrong, request_id="2"))
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    of_task = {f"task.{field}" for field in ("title", "description", "priority", "due_time")}
    assert set(refusal.fields) == {"parent", "task_id", "request_id"} | of_task


@pytest.mark.parametrize("below", ["users/me", NO_USER])
async def test_a_task_that_never_was_is_not_found(service: Service, below: str) -> None:
    name = f"{below}/{NO_TASK}"
    refusal = await refused(service.tasks.GetTask(GetTaskRequest(name=name)), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_type == "taxiway.dev/Task"


async def test_a_deleted_task_is_still_answered_by_name(service: Service) -> None:
    gone = await deleted_task(service, "users/me")
    assert await service.tasks.GetTask(GetTaskRequest(name=gone.name)) == gone


async def test_a_task_is_found_below_its_owner_only(service: Service) -> None:
    task, other = await make_task(service, "users/me"), await make_user(service)
    name = f"{other.name}/tasks/{task.name.rpartition('/')[2]}"
    await refused(service.tasks.GetTask(GetTaskRequest(name=name)), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
