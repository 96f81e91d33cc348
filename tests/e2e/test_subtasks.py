"""Subtasks: whose they may be, how deep they stand, never below themselves."""

from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, deleted_task, make_task, make_user, update_task
from tests.e2e.refusals import Refusal, refused
from tests.e2e.rows import unchanged
from tests.e2e.trees import LEVELS, amiss, complete, delete, get, make_chain, only_changed, undelete

Code = grpc.StatusCode


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def move(service: Service, task: Task, below: Task | None) -> Task:
    """Below another task; None makes it a task of its own."""
    return await update_task(service, Task(name=task.name, parent_task=below.name if below else ""), "parent_task")


def names_parent_task(refusal: Refusal, name: str) -> bool:
    """The details name the resource, the precondition and the field."""
    (violation,) = refusal.only(details.PreconditionFailure).violations
    assert (violation.type, violation.subject) == (refusal.reason, name)
    return refusal.only(details.ResourceInfo).resource_name == name and refusal.fields == ["task.parent_task"]


async def test_a_subtask_names_its_parent_and_can_be_made_a_task_of_its_own(service: Service, owner: str) -> None:
    above = await make_task(service, owner)
    below = await make_task(service, owner, parent_task=above.name)
    assert (below.parent_task, below.version) == (above.name, 1)
    assert await get(service, below) == below
    assert await get(service, above) == above, "a parent does not change when it gets a child"
    free = await move(service, below, None)
    assert (free.parent_task, free.version) == ("", 2)
    assert (await move(service, below, above)).parent_task == above.name


async def test_the_me_of_a_parent_is_the_caller(service: Service) -> None:
    above = await make_task(service, "users/me")
    alias = f"users/me/tasks/{above.name.rpartition('/')[2]}"
    below = await make_task(service, "users/me", parent_task=alias)
    assert below.parent_task == above.name


@pytest.mark.parametrize("gone", ["missing", "deleted"])
async def test_a_parent_that_is_missing_or_deleted_is_refused(service: Service, owner: str, gone: str) -> None:
    task = await make_task(service, owner)
    name = f"{owner}/{NO_TASK}" if gone == "missing" else (await deleted_task(service, owner)).name
    async with unchanged(service.database_url):
        for call in (make_task(service, owner, parent_task=name), move(service, task, Task(name=name))):
            refusal = await refused(call, Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
            assert names_parent_task(refusal, name)


async def test_a_parent_of_another_owner_is_refused_whether_or_not_it_exists(service: Service, owner: str) -> None:
    task, other = await make_task(service, owner), (await make_user(service)).name
    strangers = [(await make_task(service, other)).name, f"{other}/{NO_TASK}", task.name.replace(owner, other)]
    async with unchanged(service.database_url):
        for name in strangers:
            for call in (make_task(service, owner, parent_task=name), move(service, task, Task(name=name))):
                assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.parent_task"]


@pytest.mark.parametrize("text", ["users/-/tasks/-", "tasks/1", "users/me", "users/me/tasks/", "users/-/" + NO_TASK])
async def test_what_is_no_name_of_a_task_is_no_parent(service: Service, owner: str, text: str) -> None:
    async with unchanged(service.database_url):
        call = make_task(service, owner, parent_task=text)
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.parent_task"]


async def test_a_task_is_not_its_own_parent(service: Service, owner: str) -> None:
    """By its name alone: whether there is such a task makes no difference."""
    task, chosen = await make_task(service, owner), str(uuid4())
    itself = Task(title="It", parent_task=f"{owner}/tasks/{chosen}")
    created = CreateTaskRequest(parent=owner, task_id=chosen, task=itself)
    itself.name = itself.parent_task
    async with unchanged(service.database_url):
        for call in (
            move(service, task, task),
            service.tasks.CreateTask(created),
            update_task(service, itself),
            update_task(service, itself, allow_missing=True),
        ):
            assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.parent_task"]


@pytest.mark.parametrize("length", [2, 3, LEVELS])
async def test_a_task_does_not_come_below_itself(service: Service, owner: str, length: int) -> None:
    chain = await make_chain(service, owner, length)
    async with unchanged(service.database_url):
        for below in chain[1:]:
            refusal = await refused(move(service, chain[0], below), Code.FAILED_PRECONDITION, "CYCLE")
            assert names_parent_task(refusal, chain[0].name)
    assert not await amiss(service)


async def test_a_deleted_task_above_does_not_hide_a_cycle(service: Service, owner: str) -> None:
    """Where all are deleted by one call but the root comes back alone, what is above stays above."""
    first, second, third = await make_chain(service, owner, 3)
    await delete(service, third)
    async with unchanged(service.database_url):
        await refused(move(service, first, third), Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
        await refused(move(service, first, second), Code.FAILED_PRECONDITION, "CYCLE")


async def test_eight_levels_and_not_nine(service: Service, owner: str) -> None:
    chain = await make_chain(service, owner, LEVELS)
    async with unchanged(service.database_url):
        call = make_task(service, owner, parent_task=chain[-1].name)
        refusal = await refused(call, Code.FAILED_PRECONDITION, "TOO_DEEP")
    assert refusal.fields == ["task.parent_task"]
    assert dict(refusal.only(details.ErrorInfo).metadata) == {"limit": "8"}
    assert not await amiss(service)


@pytest.mark.parametrize("height", [1, 2, 4, 7, 8])
async def test_what_is_moved_fits_with_all_that_is_below_it(service: Service, owner: str, height: int) -> None:
    chain, moved = await make_chain(service, owner, LEVELS), await make_chain(service, owner, height)
    lowest = LEVELS - height  # levels that may stand above it
    async with unchanged(service.database_url):
        refusal = await refused(move(service, moved[0], chain[lowest]), Code.FAILED_PRECONDITION, "TOO_DEEP")
        assert names_parent_task(refusal, moved[0].name)
    if lowest:
        async with only_changed(service, owner, await get(service, moved[0])):
            await move(service, moved[0], chain[lowest - 1])
    assert not await amiss(service)


async def test_deleted_tasks_below_count_for_the_height(service: Service, owner: str) -> None:
    """They may come back."""
    chain, moved = await make_chain(service, owner, LEVELS), await make_chain(service, owner, 3)
    gone = await delete(service, moved[1], force=True)
    await refused(move(service, moved[0], chain[-3]), Code.FAILED_PRECONDITION, "TOO_DEEP")
    await move(service, moved[0], chain[-4])
    await undelete(service, gone)
    assert not await amiss(service)


async def test_a_branch_that_is_not_the_highest_does_not_count(service: Service, owner: str) -> None:
    """The height is that of the longest branch, and every branch is looked at."""
    chain, moved = await make_chain(service, owner, LEVELS), await make_chain(service, owner, 2)
    await make_chain(service, owner, 3, parent_task=moved[0].name)
    await make_chain(service, owner, 1, parent_task=moved[0].name)
    await refused(move(service, moved[0], chain[-4]), Code.FAILED_PRECONDITION, "TOO_DEEP")
    await move(service, moved[0], chain[-5])
    assert not await amiss(service)


async def test_a_task_that_is_not_done_does_not_come_below_one_that_is(service: Service, owner: str) -> None:
    above, task = await make_task(service, owner), await make_task(service, owner)
    above = await complete(service, above)
    async with unchanged(service.database_url):
        for call in (make_task(service, owner, parent_task=above.name), move(service, task, above)):
            refusal = await refused(call, Code.FAILED_PRECONDITION, "PARENT_COMPLETED")
            assert names_parent_task(refusal, above.name)
    await complete(service, task)
    assert (await move(service, task, above)).parent_task == above.name


async def test_moving_a_task_takes_along_what_is_below_it_and_changes_none_of_that(
    service: Service, owner: str
) -> None:
    moved, above = await make_chain(service, owner, 3), await make_task(service, owner, title="above")
    async with only_changed(service, owner, moved[1]):
        await move(service, moved[1], above)
    assert (await get(service, moved[2])).parent_task == moved[1].name
