"""UpdateTag and DeleteTag against whoever writes tasks with the tag: each tag of a task has its row."""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest

from taxiway.v1.tag_pb2 import Tag
from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.making import delete_tag, make_task, make_user, tags_of, update_tag, update_task
from tests.e2e.refusals import read
from tests.e2e.rows import select

# What a call that loses a race may be told; the last one on a busy machine.
LOST = {"RESOURCE_NOT_FOUND", "RESOURCE_ALREADY_EXISTS", "CONFLICT", "LOCK_TIMEOUT", "POOL_EXHAUSTED"}
STRAYS = """
    SELECT t.id, word FROM tasks t CROSS JOIN unnest(t.tags) AS word
    WHERE NOT EXISTS (SELECT FROM tags WHERE tags.owner_id = t.owner_id AND tags.key = word)"""
UNSORTED = """
    SELECT id FROM tasks
    WHERE tags <> ARRAY(SELECT DISTINCT word COLLATE "C" FROM unnest(tags) AS word ORDER BY 1)"""
rounds = pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.prove)])


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def attempted(call: Awaitable[Any]) -> Any:
    """The answer, or None where the call lost."""
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        if read(error).reason not in LOST:
            raise
        return None


async def nothing_strays(service: Service) -> None:
    assert await select(service.database_url, STRAYS) == []
    assert await select(service.database_url, UNSORTED) == []


@rounds
@pytest.mark.parametrize("act", ["rename", "delete"])
async def test_a_tag_that_goes_is_in_no_task_that_is_written_meanwhile(service: Service, rounds: int, act: str) -> None:
    owner = (await make_user(service)).name
    for number in range(rounds):
        word = f"work {number}"
        having = [await make_task(service, owner, tags=[word, "b"]) for _ in range(2)]
        others = [await make_task(service, owner) for _ in range(4)]
        tag = (await tags_of(service, owner))[word]
        calls: list[Awaitable[Any]] = [make_task(service, owner, tags=["a", word, "z"]) for _ in range(4)]
        calls += [update_task(service, Task(name=task.name, tags=[word])) for task in others]
        calls += [update_task(service, Task(name=task.name, title="Read")) for task in having]
        renamed = Tag(name=tag.name, display_name=f"Renamed {number}")
        calls.insert(5, update_tag(service, renamed) if act == "rename" else delete_tag(service, tag.name))
        assert any(await asyncio.gather(*map(attempted, calls)))
        await nothing_strays(service)


@rounds
async def test_a_tag_is_made_once_by_those_who_use_it_first_together(service: Service, rounds: int) -> None:
    owner = (await make_user(service)).name
    for number in range(rounds):
        words = [f"{spelling} {number}" for spelling in ("Work", "WORK", "work", "ｗork")]
        calls = [make_task(service, owner, tags=[word, f"b{number}", f"a{number}"]) for word in words]
        made = await asyncio.gather(*calls)
        assert {tuple(task.tags) for task in made} == {(f"a{number}", f"b{number}", f"work {number}")}
        assert len(await tags_of(service, owner)) == 3 * (number + 1)


@pytest.mark.parametrize("calls", [12, pytest.param(60, marks=pytest.mark.prove)])
async def test_renames_deletes_and_writes_in_any_order_leave_no_stray(service: Service, calls: int) -> None:
    owner, seeded = (await make_user(service)).name, random.Random(11)
    words = ["a", "b", "c", "d"]
    tasks = [(await make_task(service, owner, tags=words)).name for _ in range(4)]

    async def any_tag() -> str:
        names = [tag.name for tag in (await tags_of(service, owner)).values()]
        return seeded.choice(names or [f"{owner}/tags/{uuid.uuid4()}"])

    async def rename() -> Any:
        return await update_tag(service, Tag(name=await any_tag(), display_name=seeded.choice(words)))

    async def delete() -> Any:
        return await delete_tag(service, await any_tag())

    acts: list[Callable[[], Awaitable[Any]]] = [
        rename,
        delete,
        lambda: update_task(service, Task(name=seeded.choice(tasks), tags=seeded.sample(words, 2))),
        lambda: make_task(service, owner, tags=seeded.sample(words, 3)),
    ]

    async def caller() -> None:
        for _ in range(calls):
            await attempted(seeded.choice(acts)())

    await asyncio.gather(*(caller() for _ in range(6)))
    await nothing_strays(service)
