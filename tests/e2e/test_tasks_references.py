"""What a task refers to beside its parent: its project and its tags; cleared by masks, kept by what changes nothing."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from google.rpc import error_details_pb2 as details

from taxiway.v1.project_service_pb2 import DeleteProjectRequest
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ListTagsRequest
from taxiway.v1.user_service_pb2 import DeleteUserRequest
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, ended
from tests.e2e.making import NO_TASK, NO_USER, deleted_project, make_project, make_task, make_user, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged
from tests.e2e.trees import amiss, complete, get, make_chain

Code = grpc.StatusCode
NO_PROJECT = NO_TASK.replace("tasks", "projects")
RELATIONS = ("tags", "project", "parent_task", "metadata")


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


def struct(**values: Any) -> Struct:
    made = Struct()
    made.update(values)
    return made


async def whole(service: Service, owner: str) -> Task:
    """A task with everything that it may refer to."""
    project, above = await make_project(service, owner), await make_task(service, owner)
    related: dict[str, Any] = {"tags": ["at home", "work"], "project": project.name, "parent_task": above.name}
    return await make_task(service, owner, metadata=struct(color="red", size=1), **related)


async def tags_of(service: Service, owner: str) -> dict[str, int]:
    answer = await service.tasks.ListTags(ListTagsRequest(parent=owner))
    return {tag.display_name: tag.task_count for tag in answer.tags}


async def test_a_task_is_kept_with_all_that_it_refers_to(service: Service, owner: str) -> None:
    task = await whole(service, owner)
    assert await get(service, task) == task
    assert list(task.tags) == ["at home", "work"]
    assert dict(task.metadata) == {"color": "red", "size": 1}
    assert task.project.startswith(f"{owner}/projects/")


async def test_tags_are_made_on_first_use_and_written_as_they_were_first(service: Service, owner: str) -> None:
    first = await make_task(service, owner, tags=["Work", "At  Home", "WORK"])
    second = await make_task(service, owner, tags=["work", "wOrK", "new"])
    assert (list(first.tags), list(second.tags)) == (["at home", "work"], ["new", "work"])
    assert await tags_of(service, owner) == {"At  Home": 1, "Work": 2, "new": 1}


async def test_tags_of_one_owner_are_none_of_another(service: Service, owner: str) -> None:
    other = (await make_user(service)).name
    await make_task(service, owner, tags=["work"])
    await make_task(service, other, tags=["WORK"])
    assert (await tags_of(service, owner), await tags_of(service, other)) == ({"work": 1}, {"WORK": 1})


async def test_a_refused_call_makes_no_tag(service: Service, owner: str) -> None:
    async with unchanged(service.database_url):
        call = make_task(service, owner, tags=["new"], parent_task=f"{owner}/{NO_TASK}")
        await refused(call, Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
    assert await tags_of(service, owner) == {}


async def test_callers_who_use_one_new_tag_at_once_make_it_once(service: Service, owner: str) -> None:
    words = [f"Tag {number}" for number in range(8)]
    calls = [make_task(service, owner, tags=words[place:] + words[:place]) for place in range(8)]
    found = await asyncio.gather(*map(ended, calls))
    assert {call.code for call in found} == {OK}
    assert await tags_of(service, owner) == dict.fromkeys(words, 8)


@pytest.mark.parametrize("gone", ["missing", "deleted"])
async def test_a_project_that_is_missing_or_deleted_is_refused(service: Service, owner: str, gone: str) -> None:
    task = await make_task(service, owner)
    name = f"{owner}/{NO_PROJECT}" if gone == "missing" else (await deleted_project(service, owner)).name
    async with unchanged(service.database_url):
        for call in (
            make_task(service, owner, project=name),
            update_task(service, Task(name=task.name, project=name)),
            update_task(service, Task(name=f"{owner}/{NO_TASK}", title="New", project=name), allow_missing=True),
        ):
            refusal = await refused(call, Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
            assert refusal.only(details.ResourceInfo).resource_name == name
            assert refusal.only(details.ResourceInfo).resource_type == "taxiway.dev/Project"
            assert refusal.fields == ["task.project"]


async def test_relations_of_another_owner_are_refused_all_at_once(service: Service, owner: str) -> None:
    task, other = await make_task(service, owner), (await make_user(service)).name
    theirs: dict[str, Any] = {
        "project": (await make_project(service, other)).name,
        "parent_task": (await make_task(service, other)).name,
    }
    async with unchanged(service.database_url):
        for call in (make_task(service, owner, **theirs), update_task(service, Task(name=task.name, **theirs))):
            refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
            assert sorted(refusal.fields) == ["task.parent_task", "task.project"]


@pytest.mark.parametrize("field", RELATIONS)
async def test_a_mask_clears_a_field_that_the_request_leaves_out(service: Service, owner: str, field: str) -> None:
    task = await whole(service, owner)
    after = await update_task(service, Task(name=task.name), field)
    expected = Task()
    expected.CopyFrom(task)
    expected.ClearField(field)  # type: ignore[arg-type]  # one of its fields
    for moved in ("version", "etag", "update_time"):
        expected.ClearField(moved)
        after.ClearField(moved)
    assert after == expected


async def test_a_star_clears_every_field_that_the_request_leaves_out(service: Service, owner: str) -> None:
    task = await whole(service, owner)
    after = await update_task(service, Task(name=task.name, title="Bare"), "*")
    assert (list(after.tags), after.project, after.parent_task) == ([], "", "")
    assert not after.HasField("metadata")


async def test_without_a_mask_what_the_request_leaves_out_stays(service: Service, owner: str) -> None:
    task = await whole(service, owner)
    after = await update_task(service, Task(name=task.name, title="Another"))
    for field in RELATIONS:
        assert getattr(after, field) == getattr(task, field)


async def test_what_changes_nothing_keeps_the_version(service: Service, owner: str) -> None:
    """Tags in another order or case, metadata in another order of keys, a parent by another spelling of the owner."""
    task = await whole(service, owner)
    same = [
        Task(tags=["WORK", "  at   HOME ", "work"]),
        Task(metadata=struct(size=1.0, color="red")),
        Task(project=task.project, parent_task=task.parent_task),
        Task(title=task.title, tags=["work", "at home"], metadata=struct(color="red", size=1)),
    ]
    async with unchanged(service.database_url):
        for given in same:
            given.name = task.name
            assert await update_task(service, given) == task
        assert await update_task(service, task, "*") == task
        assert await update_task(service, task, "metadata.color", "metadata.missing") == task


async def test_an_upsert_makes_the_task_where_it_is_to_stand(service: Service, owner: str) -> None:
    project, chain = await make_project(service, owner), await make_chain(service, owner, 8)
    name = f"{owner}/{NO_TASK}"
    related: dict[str, Any] = {"tags": ["New"], "project": project.name, "metadata": struct(color="red")}
    made = await update_task(
        service, Task(name=name, title="New", parent_task=chain[6].name, **related), allow_missing=True
    )
    assert (made.parent_task, made.project, list(made.tags)) == (chain[6].name, project.name, ["new"])
    assert made.version == 1
    moved = await update_task(service, Task(name=name, parent_task=chain[0].name), "parent_task", allow_missing=True)
    assert (moved.parent_task, moved.version) == (chain[0].name, 2)


async def test_an_upsert_is_held_to_the_rules_of_trees(service: Service, owner: str) -> None:
    chain, done = await make_chain(service, owner, 8), await make_task(service, owner)
    await complete(service, done)
    cases = {"TOO_DEEP": chain[7].name, "PARENT_COMPLETED": done.name, "PARENT_NOT_FOUND": f"{chain[0].name[:-4]}dead"}
    async with unchanged(service.database_url):
        for reason, above in cases.items():
            missing = Task(name=f"{owner}/{NO_TASK}", title="New", parent_task=above)
            call = update_task(service, missing, allow_missing=True)
            assert (await refused(call, Code.FAILED_PRECONDITION, reason)).fields == ["task.parent_task"]
        call = update_task(service, Task(name=chain[0].name, parent_task=chain[7].name), allow_missing=True)
        await refused(call, Code.FAILED_PRECONDITION, "CYCLE")
    assert not await amiss(service)


async def test_below_an_owner_who_is_deleted_or_missing_the_owner_is_what_is_amiss(service: Service) -> None:
    """And not what the task refers to: of a missing owner nothing exists."""
    gone = await make_user(service)
    task = await whole(service, gone.name)
    await service.users.DeleteUser(DeleteUserRequest(name=gone.name))
    related: dict[str, Any] = {"tags": ["new", *task.tags], "project": task.project, "parent_task": task.parent_task}
    async with unchanged(service.database_url):
        for call in (make_task(service, gone.name, **related), update_task(service, Task(name=task.name, **related))):
            await refused(call, Code.FAILED_PRECONDITION, "OWNER_DELETED")
        await refused(make_task(service, NO_USER, tags=["new"]), Code.NOT_FOUND, "PARENT_NOT_FOUND")


async def test_a_project_that_is_being_deleted_gets_no_task(service: Service, owner: str) -> None:
    """Whoever comes first: no living task is left in it."""
    for _ in range(10):
        project = await make_project(service, owner)
        request = DeleteProjectRequest(name=project.name, force=True)
        deleting, making = service.projects.DeleteProject(request), make_task(service, owner, project=project.name)
        deleted, made = await asyncio.gather(ended(deleting), ended(making))
        assert deleted.code is OK
        assert made.code is OK or made.reason == "PARENT_NOT_FOUND"
    assert not await amiss(service)
