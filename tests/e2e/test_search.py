"""SearchTasks: whose tasks it finds, how it shows them, and what it refuses."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import SearchResult, SearchTasksRequest, SearchTasksResponse
from taxiway.v1.user_service_pb2 import DeleteUserRequest
from tests.e2e.conftest import Service, Stubs
from tests.e2e.making import NO_USER, deleted_task, deleted_user, make_task, make_user
from tests.e2e.refusals import refused

Code = grpc.StatusCode


@pytest.fixture
async def service(service_of_file: Service) -> Service:
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def search(service: Stubs, parent: str, query: str, **fields: Any) -> SearchTasksResponse:
    return await service.tasks.SearchTasks(SearchTasksRequest(parent=parent, query=query, **fields))


async def titles(service: Stubs, parent: str, query: str, **fields: Any) -> list[str]:
    return [result.task.title for result in (await search(service, parent, query, **fields)).results]


def shown(result: SearchResult) -> dict[str, list[str]]:
    """By field the words that its hits are around."""
    return {each.field: [each.text[hit.start : hit.end] for hit in each.hits] for each in result.snippets}


async def test_titles_come_before_descriptions_each_with_the_words_that_were_found(
    service: Service, owner: str
) -> None:
    await make_task(service, owner, title="🎉 Milk", description="A litre.")
    await make_task(service, owner, title="Breakfast", description="Bread, 🥛 milk and milky coffee.")
    await make_task(service, owner, title="Tea")
    found = await search(service, owner, "mil")
    assert [result.task.title for result in found.results] == ["🎉 Milk", "Breakfast"]
    assert [shown(result) for result in found.results] == [{"title": ["Milk"]}, {"description": ["milk", "milky"]}]
    assert found.results[1].snippets[0].text == "Bread, 🥛 milk and milky coffee."
    assert not found.next_page_token


async def test_a_task_is_answered_as_it_is(service: Service, owner: str) -> None:
    task = await make_task(service, owner, title="Milk", tags=["shop"], priority=Task.HIGH, metadata={"a": 1})
    (result,) = (await search(service, owner, "milk")).results
    assert result.task == task


async def test_a_url_is_found_as_it_was_copied(service: Service, owner: str) -> None:
    await make_task(service, owner, title="Read https://example.com/a/beetle")
    for query in ("https://example.com/a/beetle", '"HTTPS://example.com/a/beetle"', "read https://example.com/a/bee"):
        assert await titles(service, owner, query) == ["Read https://example.com/a/beetle"]


async def test_the_query_is_composed_as_the_text_is(service: Service, owner: str) -> None:
    await make_task(service, owner, title="cafe\u0301")
    assert await titles(service, owner, "CAFE\u0301") == await titles(service, owner, "caf\u00e9") == ["caf\u00e9"]


async def test_the_filter_chooses_among_what_is_found(service: Service, owner: str) -> None:
    for title, priority in (("Milk one", Task.HIGH), ("Milk two", Task.LOW), ("Tea", Task.HIGH)):
        await make_task(service, owner, title=title, priority=priority)
    assert await titles(service, owner, "milk", filter="priority = HIGH") == ["Milk one"]
    assert await titles(service, owner, "milk", filter="NOT priority = HIGH") == ["Milk two"]
    assert not await titles(service, owner, "milk", filter='tags:"none"')


async def test_deleted_tasks_and_those_of_others_are_not_found(service: Service, owner: str) -> None:
    await deleted_task(service, owner, title="Milk")
    await make_task(service, (await make_user(service)).name, title="Milk")
    assert not await titles(service, owner, "milk")


async def test_the_tasks_of_a_deleted_user_are_found_like_they_are_listed(service: Service) -> None:
    gone, leaving = (await deleted_user(service)).name, (await make_user(service)).name
    await make_task(service, leaving, title="Milk")
    await service.users.DeleteUser(DeleteUserRequest(name=leaving))
    assert await titles(service, leaving, "milk") == ["Milk"]
    assert not await titles(service, gone, "milk")


async def test_nobody_has_tasks_that_are_found(service: Service, owner: str) -> None:
    await refused(search(service, NO_USER, "milk"), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    assert not await titles(service, owner, "milk"), "a user without such a task is no fault"


async def test_each_finds_their_own_and_a_service_with_the_scope_anyones(service: Service, owner: str) -> None:
    await make_task(service, owner, title="Milk")
    user, reader = await service.called_by("USER"), await service.called_by("SERVICE", ("tasks.read",))
    writer = await service.called_by("SERVICE", ("tasks.write",))
    assert await titles(reader, owner, "milk") == ["Milk"]
    assert not await titles(user, "users/me", "milk")
    for stubs in (user, writer):
        await refused(search(stubs, owner, "milk"), Code.PERMISSION_DENIED, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("query", {"query": ""}),
        ("query", {"query": "x" * 201}),
        ("query", {"query": "milk\0"}),
        ("page_size", {"page_size": -1}),
        ("parent", {"parent": ""}),
        ("parent", {"parent": "users/-"}),
        ("parent", {"parent": "users/me/tasks/1"}),
    ],
)
async def test_what_breaks_a_rule_is_refused_with_its_field(
    service: Service, field: str, fields: dict[str, Any]
) -> None:
    request = {"parent": "users/me", "query": "milk", **fields}
    refusal = await refused(search(service, **request), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == [field]


async def test_a_bad_filter_is_refused_with_its_place(service: Service) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await search(service, "users/me", "milk", filter="stat = OPEN")
    assert caught.value.code() is Code.INVALID_ARGUMENT
    assert "at position 1" in str(caught.value.details())


async def test_a_query_of_200_code_points_and_one_of_punctuation_find_what_they_name(
    service: Service, owner: str
) -> None:
    await make_task(service, owner, title="é" * 200)
    assert await titles(service, owner, "é" * 200) == ["é" * 200]
    assert not await titles(service, owner, "?!.,;:")
