"""UpdateTag and DeleteTag: what they change in the tag, and in the tasks that have it."""

import uuid

import grpc
import pytest

from taxiway.v1.tag_pb2 import Tag
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTagRequest, UpdateTagRequest
from taxiway.v1.user_service_pb2 import DeleteUserRequest, GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import (
    NO_USER,
    delete_tag,
    deleted_task,
    get_task,
    make_task,
    make_user,
    tags_of,
    update_tag,
    update_task,
)
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
NO_TAG = "tags/00000000-0000-4000-8000-00000000beef"


async def tag_of(service: Service, owner: str, display_name: str) -> Tag:
    return (await tags_of(service, owner))[display_name]


async def test_a_rename_rewrites_every_task_that_has_the_tag(service: Service) -> None:
    """Deleted ones too; each stays sorted, gets a new version, and was changed by the caller."""
    owner, other = (await make_user(service)).name, (await make_user(service)).name
    alone, among = await make_task(service, owner, tags=["b"]), await make_task(service, owner, tags=["a", "b", "c"])
    gone = await deleted_task(service, owner, tags=["b", "x"])
    without, of_other = await make_task(service, owner, tags=["a"]), await make_task(service, other, tags=["b"])
    renamed = await update_tag(service, Tag(name=(await tag_of(service, owner, "b")).name, display_name=" New  Name"))
    assert (renamed.display_name, renamed.task_count, renamed.version) == (" New  Name", 2, 2)
    me = await service.users.GetUser(GetUserRequest(name="users/me"))
    for task, tags in ((alone, ["new name"]), (among, ["a", "c", "new name"]), (gone, ["new name", "x"])):
        now = await get_task(service, task.name)
        assert ([*now.tags], now.version, now.updater) == (tags, task.version + 1, me.name)
        assert now.update_time.ToNanoseconds() > task.update_time.ToNanoseconds()
    for task in (without, of_other):
        assert await get_task(service, task.name) == task
    assert "b" not in await tags_of(service, owner)
    await make_task(service, owner, tags=["B"])
    assert (await tag_of(service, owner, "B")).name != renamed.name, "the former name is free"


async def test_another_spelling_changes_the_tag_alone(service: Service) -> None:
    owner = (await make_user(service)).name
    task = await make_task(service, owner, tags=["straße"])
    tag = await tag_of(service, owner, "straße")
    spelled = await update_tag(service, Tag(name=tag.name, display_name="STRASSE"))
    assert (spelled.display_name, spelled.version, spelled.task_count) == ("STRASSE", 2, 1)
    assert await get_task(service, task.name) == task


async def test_the_name_of_another_tag_is_taken(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["Home", "work"])
    tag = await tag_of(service, owner, "work")
    async with unchanged(service.database_url):
        for spelling in ("Home", "\uff28OME", " home "):
            call = update_tag(service, Tag(name=tag.name, display_name=spelling))
            await refused(call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")


async def test_an_update_writes_what_is_set_or_what_the_mask_names(service: Service) -> None:
    owner = (await make_user(service)).name
    task = await make_task(service, owner, tags=["work"])
    tag = await tag_of(service, owner, "work")
    changed = await update_tag(service, Tag(name=tag.name, color="#abcdef"))
    assert (changed.color, changed.display_name, changed.version) == ("#ABCDEF", "work", 2)
    changed = await update_tag(service, Tag(name=tag.name, display_name="ignored", color="#000000"), "color")
    assert (changed.color, changed.display_name) == ("#000000", "work")
    changed = await update_tag(service, Tag(name=tag.name, display_name="Work"), "*")
    assert (changed.color, changed.display_name, changed.create_time) == ("#3B82F6", "Work", tag.create_time)
    assert await update_tag(service, changed) == changed, "nothing changes"
    assert await get_task(service, task.name) == task


@pytest.mark.parametrize(
    ("fields", "paths", "named"),
    [
        ({"display_name": ""}, ["display_name"], "tag.display_name"),
        ({"display_name": " \u3000"}, [], "tag.display_name"),
        ({"display_name": "x" * 61}, [], "tag.display_name"),
        ({"display_name": "\ufdfa" * 4}, [], "tag.display_name"),
        ({"display_name": "a\x00b"}, [], "tag.display_name"),
        ({"color": "blue"}, [], "tag.color"),
        ({"color": "#000000"}, ["*"], "tag.display_name"),
        ({}, ["task_count"], "update_mask"),
        ({}, ["key"], "update_mask"),
    ],
)
async def test_what_breaks_a_rule_is_named(
    service: Service, fields: dict[str, str], paths: list[str], named: str
) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["work"])
    name = (await tag_of(service, owner, "work")).name
    async with unchanged(service.database_url):
        call = update_tag(
            service, Tag(name=name, display_name=fields.get("display_name", ""), color=fields.get("color", "")), *paths
        )
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == [named]


async def test_a_deleted_tag_is_taken_from_every_task_that_has_it(service: Service) -> None:
    owner, other = (await make_user(service)).name, (await make_user(service)).name
    alone, among = await make_task(service, owner, tags=["b"]), await make_task(service, owner, tags=["a", "b", "c"])
    gone, of_other = await deleted_task(service, owner, tags=["b"]), await make_task(service, other, tags=["b"])
    await delete_tag(service, (await tag_of(service, owner, "b")).name)
    assert [*await tags_of(service, owner)] == ["a", "c"]
    for task, tags in ((alone, []), (among, ["a", "c"]), (gone, [])):
        now = await get_task(service, task.name)
        assert ([*now.tags], now.version) == (tags, task.version + 1)
    assert await get_task(service, of_other.name) == of_other
    await update_task(service, Task(name=alone.name, tags=["B"]))
    assert (await tag_of(service, owner, "B")).version == 1, "a new one"


async def test_a_missing_tag_is_not_found_unless_missing_is_allowed(service: Service) -> None:
    owner = (await make_user(service)).name
    async with unchanged(service.database_url):
        for name in (f"{owner}/{NO_TAG}", f"{NO_USER}/{NO_TAG}"):
            await refused(update_tag(service, Tag(name=name, color="#000000")), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
            await refused(delete_tag(service, name), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
            await delete_tag(service, name, allow_missing=True)


async def test_a_stale_etag_writes_nothing(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["work"])
    tag = await tag_of(service, owner, "work")
    fresh = await update_tag(service, Tag(name=tag.name, color="#000000", etag=tag.etag))
    async with unchanged(service.database_url):
        call = update_tag(service, Tag(name=tag.name, display_name="home", etag=tag.etag))
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")
        late = delete_tag(service, tag.name, etag=tag.etag, allow_missing=True)
        await refused(late, Code.ABORTED, "ETAG_MISMATCH")
    await delete_tag(service, tag.name, etag=fresh.etag)


async def test_below_a_deleted_owner_nothing_is_written(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["work"])
    tag = await tag_of(service, owner, "work")
    await service.users.DeleteUser(DeleteUserRequest(name=owner))
    async with unchanged(service.database_url):
        call = update_tag(service, Tag(name=tag.name, display_name="home"))
        await refused(call, Code.FAILED_PRECONDITION, "OWNER_DELETED")
        await refused(delete_tag(service, tag.name, allow_missing=True), Code.FAILED_PRECONDITION, "OWNER_DELETED")


async def test_rehearsals_answer_the_same_and_write_nothing(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["work"])
    tag = await tag_of(service, owner, "work")
    async with unchanged(service.database_url):
        answer = await update_tag(service, Tag(name=tag.name, display_name="Home"), validate_only=True)
        assert (answer.display_name, answer.task_count) == ("Home", 1)
        await delete_tag(service, tag.name, validate_only=True)
        call = delete_tag(service, f"{owner}/{NO_TAG}", validate_only=True)
        await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_repeats_are_answered_as_the_first_calls(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["work"])
    tag = await tag_of(service, owner, "work")
    update = UpdateTagRequest(tag=Tag(name=tag.name, display_name="Home"), request_id=str(uuid.uuid4()))
    renamed = await service.tasks.UpdateTag(update)
    deletion = DeleteTagRequest(name=tag.name, request_id=str(uuid.uuid4()))
    await service.tasks.DeleteTag(deletion)
    async with unchanged(service.database_url):
        assert await service.tasks.UpdateTag(update) == renamed
        await service.tasks.DeleteTag(deletion)
    ids = f"'{update.request_id}', '{deletion.request_id}'"
    owners = f"SELECT DISTINCT owner_ids::text[] FROM requests WHERE request_id IN ({ids})"
    assert await select(service.database_url, owners) == [([owner.removeprefix("users/")],)]
