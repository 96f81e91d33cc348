"""Tags: made when a task first has them, one for all spellings, and listed with the number of their tasks."""

import unicodedata
import uuid

import grpc
import pytest

from service.fields import tag_key
from taxiway.v1.tag_pb2 import Tag
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest, ListTagsRequest, ListTagsResponse
from taxiway.v1.user_service_pb2 import DeleteUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_task, make_task, make_user, tags_of, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
SPELLINGS = [
    (["Straße", "STRASSE", "STRAẞE"], "strasse"),
    (["İstanbul", "i\u0307stanbul"], "i\u0307stanbul"),
    (["Caf\u00e9", "cafe\u0301", "CAFE\u0301"], "caf\u00e9"),
    (["\uff37\uff4f\uff52\uff4b", "work", "WORK"], "work"),
    (["at \t\u00a0\u2003\n home", "  At Home  ", "at\u3000home"], "at home"),
    (["\u01c4", "\u01c6", "d\u017e", "DZ\u030c"], "d\u017e"),
    (["\u212a", "k", "K"], "k"),
    (["\ufb01le", "FILE"], "file"),
    (["Σίσυφος", "σίσυφοσ", "ΣΊΣΥΦΟΣ"], "σίσυφοσ"),
    (["\U0001f6eb", " \U0001f6eb "], "\U0001f6eb"),
]


async def page(service: Service, parent: str, **arguments: object) -> ListTagsResponse:
    return await service.tasks.ListTags(ListTagsRequest(parent=parent, **arguments))  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(("spellings", "key"), SPELLINGS, ids=[key for _, key in SPELLINGS])
async def test_spellings_of_one_tag_are_one_and_the_first_is_shown(
    service: Service, spellings: list[str], key: str
) -> None:
    owner = (await make_user(service)).name
    assert (await make_task(service, owner, tags=spellings)).tags == [key]
    for spelling in reversed(spellings):
        assert (await make_task(service, owner, tags=[spelling])).tags == [key]
    ((shown, tag),) = (await tags_of(service, owner)).items()
    assert (shown, tag.task_count) == (unicodedata.normalize("NFC", spellings[0]), 1 + len(spellings))


async def test_keys_that_differ_are_tags_of_their_own(service: Service) -> None:
    owner = (await make_user(service)).name
    words = ["ı", "i", "e", "é", "a b", "ab", "a-b", "#a", "%", "_", "{}", '"', "\\", ",", "NULL"]
    made = await make_task(service, owner, tags=words)
    assert made.tags == sorted(tag_key(word) for word in words)
    assert {*await tags_of(service, owner)} == {*words}
    assert await update_task(service, made) == made, "what is answered may be sent again"


async def test_a_tag_that_is_used_first_has_what_nobody_gave(service: Service) -> None:
    owner = (await make_user(service)).name
    await make_task(service, owner, tags=["Work", "work"])
    tag = (await tags_of(service, owner))["Work"]
    assert tag.name.startswith(f"{owner}/tags/")
    assert (tag.color, tag.task_count, tag.version) == ("#3B82F6", 1, 1)
    assert tag.create_time == tag.update_time


async def test_tags_are_of_one_owner(service: Service) -> None:
    owner, other = (await make_user(service)).name, (await make_user(service)).name
    await make_task(service, owner, tags=["Work"])
    await make_task(service, other, tags=["WORK", "home"])
    assert [*await tags_of(service, owner)] == ["Work"]
    assert [*await tags_of(service, other)] == ["home", "WORK"]


@pytest.mark.parametrize("size", [1, 2, 50, 1000])
async def test_a_walk_gives_each_once_in_order_of_keys(service: Service, size: int) -> None:
    owner = (await make_user(service)).name
    words = ["Zebra", "apple", "Éclair", "élan", "B", "\U0001f6eb", "b b", "é"]
    await make_task(service, owner, tags=words)
    found: list[Tag] = []
    token = ""
    while True:
        answer = await page(service, owner, page_size=size, page_token=token)
        found += answer.tags
        if not (token := answer.next_page_token):
            break
    assert [tag.display_name for tag in found] == sorted(words, key=tag_key)


@pytest.mark.parametrize("size", [50, 1000], ids=["a few tags", "many tags"])
async def test_the_count_is_of_living_tasks_in_whatever_state(service: Service, size: int) -> None:
    owner = (await make_user(service)).name
    for tags in (["a", "b"], ["b"], ["b", "c", "d"]):
        await make_task(service, owner, tags=tags)
    await deleted_task(service, owner, tags=["b", "e"])
    await make_task(service, (await make_user(service)).name, tags=["a"])
    counts = {tag.display_name: tag.task_count for tag in (await page(service, owner, page_size=size)).tags}
    assert counts == {"a": 1, "b": 3, "c": 1, "d": 1, "e": 0}


async def test_a_token_serves_the_list_that_gave_it_alone(service: Service) -> None:
    owner, other = (await make_user(service)).name, (await make_user(service)).name
    await make_task(service, owner, tags=["a", "b"])
    token = (await page(service, owner, page_size=1)).next_page_token
    assert len((await page(service, owner, page_size=5, page_token=token)).tags) == 1
    call = page(service, other, page_token=token)
    await refused(call, Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


async def test_a_list_is_of_an_owner_who_exists(service: Service) -> None:
    owner = (await make_user(service)).name
    assert not (await page(service, owner)).tags
    await refused(page(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    await make_task(service, owner, tags=["a"])
    await service.users.DeleteUser(DeleteUserRequest(name=owner))
    assert len((await page(service, owner)).tags) == 1, "as the tasks of a deleted owner"


@pytest.mark.parametrize("word", ["", " ", "\u3000\u2003", "x" * 61, "\ufdfa" * 4, "a\x00b"])
async def test_what_cannot_be_a_tag_is_named_and_makes_none(service: Service, word: str) -> None:
    """The fourth has 4 code points, and its key 72."""
    owner = (await make_user(service)).name
    async with unchanged(service.database_url):
        refusal = await refused(make_task(service, owner, tags=["fine", word]), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["task.tags"]


async def test_a_task_that_is_refused_or_rehearsed_makes_no_tag(service: Service) -> None:
    owner = (await make_user(service)).name
    made = await make_task(service, owner)
    request = CreateTaskRequest(parent=owner, task=Task(title="Paint", tags=["new"]), validate_only=True)
    async with unchanged(service.database_url):
        assert (await service.tasks.CreateTask(request)).tags == ["new"]
        call = update_task(service, Task(name=made.name, tags=["new"], etag='"1-1"'))
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")
        call = update_task(service, Task(name=f"{owner}/tasks/{uuid.uuid4()}", tags=["new"]))
        await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        await refused(make_task(service, NO_USER, tags=["new"]), Code.NOT_FOUND, "PARENT_NOT_FOUND")


async def test_a_tag_that_no_task_has_any_more_stays(service: Service) -> None:
    owner = (await make_user(service)).name
    made = await make_task(service, owner, tags=["Work"])
    await update_task(service, Task(name=made.name), "tags")
    assert (await tags_of(service, owner))["Work"].task_count == 0
