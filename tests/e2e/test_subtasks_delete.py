"""Tasks with subtasks, deleted and brought back: exactly those of one call, and none alone that needs another."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.project_service_pb2 import DeleteProjectRequest, UndeleteProjectRequest
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.making import make_project, make_task, make_user, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged
from tests.e2e.trees import amiss, delete, every_task, get, make_chain, only_changed, undelete

Code = grpc.StatusCode


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def test_a_task_with_a_living_subtask_is_not_deleted(service: Service, owner: str) -> None:
    above, below = await make_chain(service, owner, 2)
    async with unchanged(service.database_url):
        for options in ({"allow_missing": True}, {"etag": above.etag}):
            await refused(delete(service, above, **options), Code.FAILED_PRECONDITION, "LIVE_CHILDREN")
        refusal = await refused(delete(service, above), Code.FAILED_PRECONDITION, "LIVE_CHILDREN")
    (violation,) = refusal.only(details.PreconditionFailure).violations
    assert (violation.type, violation.subject) == ("LIVE_CHILDREN", above.name)
    assert refusal.only(details.ResourceInfo).resource_name == above.name
    assert "`force`" in refusal.message
    await delete(service, below)
    async with only_changed(service, owner, above):
        await delete(service, above)


async def test_force_deletes_what_lives_below_to_the_last_level_and_changes_nothing_else(
    service: Service, owner: str
) -> None:
    chain, other = await make_chain(service, owner, 8), await make_task(service, owner)
    side = await make_task(service, owner, parent_task=chain[3].name)
    gone = await delete(service, await make_task(service, owner, parent_task=chain[3].name))
    async with only_changed(service, owner, *chain[2:], side):
        root = await delete(service, chain[2], force=True)
    for task in (*chain[3:], side):
        after = await get(service, task)
        assert (after.delete_time, after.purge_time) == (root.delete_time, root.purge_time)
        assert after.updater == root.updater
        assert after.update_time.ToNanoseconds() > task.update_time.ToNanoseconds()
    for untouched in (*chain[:2], gone, other):
        assert await get(service, untouched) == untouched
    assert not await amiss(service)


async def test_undelete_restores_exactly_what_the_same_call_deleted(service: Service, owner: str) -> None:
    """What was deleted before it, on its own or with others, stays deleted."""
    chain = await make_chain(service, owner, 5)
    alone = await delete(service, await make_task(service, owner, parent_task=chain[1].name))
    before = [await make_task(service, owner, parent_task=chain[1].name)]
    before.append(await make_task(service, owner, parent_task=before[0].name))
    await delete(service, before[0], force=True)
    await delete(service, chain[4])
    await delete(service, chain[0], force=True)
    async with only_changed(service, owner, *chain[:4]):
        root = await undelete(service, chain[0])
    for task in chain[:4]:
        after = await get(service, task)
        assert not after.HasField("delete_time")
        assert not after.HasField("purge_time")
        assert after.updater == root.updater
    async with only_changed(service, owner, *before):
        await undelete(service, before[0])
    async with only_changed(service, owner, alone):
        await undelete(service, alone)
    assert not await amiss(service)


async def test_of_a_tree_that_was_deleted_at_once_no_branch_comes_back_alone(service: Service, owner: str) -> None:
    first, second, third = await make_chain(service, owner, 3)
    await delete(service, first, force=True)
    async with unchanged(service.database_url):
        for task, above in ((second, first), (third, second)):
            refusal = await refused(undelete(service, task), Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
            assert refusal.only(details.ResourceInfo).resource_name == above.name
    await undelete(service, first)
    assert not await amiss(service)


async def test_a_branch_comes_back_below_a_task_that_lives(service: Service, owner: str) -> None:
    first, second, third = await make_chain(service, owner, 3)
    await delete(service, second, force=True)
    async with only_changed(service, owner, second, third):
        await undelete(service, second)
    assert (await get(service, third)).parent_task == second.name
    assert (await get(service, second)).parent_task == first.name


async def test_two_calls_that_delete_one_tree_are_two_deletions(service: Service, owner: str) -> None:
    """The lower half first: with the upper one only that comes back which went with it."""
    chain = await make_chain(service, owner, 4)
    await delete(service, chain[2], force=True)
    await delete(service, chain[0], force=True)
    await refused(undelete(service, chain[2]), Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
    async with only_changed(service, owner, *chain[:2]):
        await undelete(service, chain[0])
    async with only_changed(service, owner, *chain[2:]):
        await undelete(service, chain[2])


@pytest.mark.parametrize("force", [False, True])
async def test_a_stale_etag_deletes_and_restores_nothing_below(service: Service, owner: str, force: bool) -> None:
    chain = await make_chain(service, owner, 2)
    await update_task(service, Task(name=chain[0].name, title="Changed"))
    async with unchanged(service.database_url):
        call = delete(service, chain[0], force=force, etag=chain[0].etag)
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")
    await delete(service, chain[0], force=True)
    async with unchanged(service.database_url):
        await refused(undelete(service, chain[0], etag=chain[0].etag), Code.ABORTED, "ETAG_MISMATCH")


async def test_undelete_of_a_living_task_restores_nothing_below(service: Service, owner: str) -> None:
    above, below = await make_chain(service, owner, 2)
    await delete(service, below)
    async with unchanged(service.database_url):
        await refused(undelete(service, above), Code.ALREADY_EXISTS, "RESOURCE_NOT_DELETED")


async def test_a_task_comes_back_with_its_state_its_parent_and_its_words(service: Service, owner: str) -> None:
    project = await make_project(service, owner)
    above = await make_task(service, owner)
    words = {"tags": ["at home"], "project": project.name, "metadata": {"color": "red"}}
    below = await make_task(service, owner, parent_task=above.name, **words)
    await delete(service, above, force=True)
    await undelete(service, above)
    after = await get(service, below)
    assert (after.parent_task, after.project, after.tags) == (above.name, project.name, below.tags)
    assert (after.metadata, after.state) == (below.metadata, below.state)


async def test_a_tree_does_not_come_back_while_a_project_of_it_is_deleted(service: Service, owner: str) -> None:
    """Wherever in the tree its task stands: a task that lives is in no project that does not."""
    project = await make_project(service, owner)
    chain = await make_chain(service, owner, 3)
    await update_task(service, Task(name=chain[1].name, project=project.name), "project")
    await delete(service, chain[0], force=True)
    await service.projects.DeleteProject(DeleteProjectRequest(name=project.name, force=True))
    async with unchanged(service.database_url):
        refusal = await refused(undelete(service, chain[0]), Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
        assert refusal.only(details.ResourceInfo).resource_name == project.name
    await service.projects.UndeleteProject(UndeleteProjectRequest(name=project.name))
    async with only_changed(service, owner, *chain):
        await undelete(service, chain[0])
    assert not await amiss(service)


async def test_the_tasks_of_other_owners_stay_as_they_are(service: Service, owner: str) -> None:
    """Ids are unique below an owner alone: another owner's tree of the same ids is another tree."""
    other = (await make_user(service)).name
    chain = await make_chain(service, owner, 3)
    for task in chain:
        name, above = [name.replace(owner, other) for name in (task.name, task.parent_task)]
        await update_task(service, Task(title="Theirs", name=name, parent_task=above), allow_missing=True)
    before = await every_task(service, other)
    assert len(before) == 3
    await delete(service, chain[0], force=True)
    assert await every_task(service, other) == before
    theirs = [Task(name=task.name.replace(owner, other)) for task in chain]
    await delete(service, theirs[1], force=True)
    async with only_changed(service, owner, *chain):
        await undelete(service, chain[0])
    assert (await get(service, theirs[1])).HasField("delete_time")
