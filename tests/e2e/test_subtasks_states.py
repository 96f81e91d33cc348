"""States of tasks with subtasks: what is not done never stands below what is."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, make_user, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged
from tests.e2e.trees import amiss, cancel, complete, delete, get, make_chain, only_changed, reopen, start, undelete

Code = grpc.StatusCode


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


@pytest.mark.parametrize("begun", [False, True], ids=["OPEN", "IN_PROGRESS"])
async def test_a_task_with_an_open_subtask_is_not_completed(service: Service, owner: str, begun: bool) -> None:
    above, below = await make_chain(service, owner, 2)
    if begun:
        await start(service, below)
    async with unchanged(service.database_url):
        refusal = await refused(complete(service, above), Code.FAILED_PRECONDITION, "OPEN_CHILDREN")
    (violation,) = refusal.only(details.PreconditionFailure).violations
    assert (violation.type, violation.subject) == ("OPEN_CHILDREN", above.name)
    assert refusal.only(details.ResourceInfo).resource_name == above.name
    assert "`force`" in refusal.message


async def test_subtasks_that_are_done_given_up_or_deleted_are_in_no_way(service: Service, owner: str) -> None:
    above = await make_task(service, owner)
    done, given_up, gone = [await make_task(service, owner, parent_task=above.name) for _ in range(3)]
    await complete(service, done)
    await cancel(service, given_up)
    await delete(service, gone)
    async with only_changed(service, owner, above):
        assert (await complete(service, above)).state == Task.COMPLETED


async def test_force_completes_what_is_open_below_to_the_last_level_and_changes_nothing_else(
    service: Service, owner: str
) -> None:
    chain = await make_chain(service, owner, 8)
    begun = await start(service, chain[3])
    given_up, other = await cancel(service, chain[2]), await make_task(service, owner)
    done, gone = [await make_task(service, owner, parent_task=chain[0].name) for _ in range(2)]
    done, gone = await complete(service, done), await delete(service, gone)
    async with only_changed(service, owner, *(task for task in chain if task.name != given_up.name)):
        root = await complete(service, chain[0], force=True)
    for task in (chain[1], *chain[3:]):
        after = await get(service, task)
        assert (after.state, after.complete_time, after.updater) == (Task.COMPLETED, root.complete_time, root.updater)
        assert after.update_time.ToNanoseconds() > task.update_time.ToNanoseconds()
    assert (await get(service, begun)).start_time == begun.start_time
    for untouched in (given_up, done, gone, other):
        assert await get(service, untouched) == untouched
    assert not await amiss(service)


async def test_who_completes_by_force_is_the_updater_of_all(service: Service, owner: str) -> None:
    chain, colleague = await make_chain(service, owner, 3), await service.called_by("ADMIN")
    root = await complete(colleague, chain[0], force=True)  # type: ignore[arg-type]  # its stubs are those of a Service
    assert root.updater != chain[0].creator
    assert {(await get(service, task)).updater for task in chain} == {root.updater}


@pytest.mark.parametrize("state", ["COMPLETED", "CANCELLED", "stale"])
async def test_force_does_not_make_an_illegal_change_legal(service: Service, owner: str, state: str) -> None:
    """And what is below a task that is refused stays as it is."""
    above, _ = await make_chain(service, owner, 2)
    if state == "stale":
        await update_task(service, Task(name=above.name, title="Changed"))
        call, code, reason = complete(service, above, force=True, etag=above.etag), Code.ABORTED, "ETAG_MISMATCH"
    else:
        await (cancel(service, above) if state == "CANCELLED" else complete(service, above, force=True))
        call, code, reason = complete(service, above, force=True), Code.FAILED_PRECONDITION, "STATE_TRANSITION"
    async with unchanged(service.database_url):
        await refused(call, code, reason)


async def test_what_is_below_a_completed_task_is_not_reopened(service: Service, owner: str) -> None:
    above, below = await make_chain(service, owner, 2)
    await complete(service, above, force=True)
    async with unchanged(service.database_url):
        refusal = await refused(reopen(service, below), Code.FAILED_PRECONDITION, "PARENT_COMPLETED")
    assert refusal.only(details.ResourceInfo).resource_name == above.name
    async with only_changed(service, owner, above):
        await reopen(service, above)
    assert (await reopen(service, below)).state == Task.OPEN


async def test_a_subtask_that_was_given_up_is_not_reopened_below_a_completed_task(service: Service, owner: str) -> None:
    above, below = await make_chain(service, owner, 2)
    await cancel(service, below)
    await complete(service, above)
    await refused(reopen(service, below), Code.FAILED_PRECONDITION, "PARENT_COMPLETED")


async def test_to_give_up_and_to_begin_ask_nothing_of_what_is_around(service: Service, owner: str) -> None:
    """A task that is given up may have open subtasks; only one that is done may not."""
    top, middle, lowest = await make_chain(service, owner, 3)
    async with only_changed(service, owner, middle):
        await cancel(service, middle)
    async with only_changed(service, owner, lowest):
        await start(service, lowest)
    async with only_changed(service, owner, top):
        await complete(service, top)
    assert not await amiss(service)


async def test_an_open_task_does_not_come_back_below_a_completed_one(service: Service, owner: str) -> None:
    above, below = await make_chain(service, owner, 2)
    await delete(service, below)
    await complete(service, above)
    async with unchanged(service.database_url):
        refusal = await refused(undelete(service, below), Code.FAILED_PRECONDITION, "PARENT_COMPLETED")
    assert refusal.only(details.ResourceInfo).resource_name == above.name
    await reopen(service, above)
    assert (await undelete(service, below)).state == Task.OPEN


async def test_a_task_that_was_done_comes_back_below_a_completed_one(service: Service, owner: str) -> None:
    above, below = await make_chain(service, owner, 2)
    await complete(service, below)
    await delete(service, below)
    await complete(service, above)
    async with only_changed(service, owner, below):
        await undelete(service, below)
    assert not await amiss(service)
