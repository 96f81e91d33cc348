"""Pages of a search: each task once, at most 1,000, in answers of 3 MiB, with tokens that fit that search alone."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, SearchTasksRequest, SearchTasksResponse
from tests.e2e.conftest import Service, Stubs
from tests.e2e.making import make_task, make_user, update_task
from tests.e2e.refusals import refused
from tests.e2e.rows import run

ANSWER = 3 << 20
WRITERS = 8
ROWS = """
    INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)
    SELECT '{owner}', gen_random_uuid(), {title}, {description}, 'LOW', '{owner}', '{owner}'
    FROM generate_series(1, {count}) AS n
"""


@pytest.fixture
async def service(service_of_file: Service) -> Service:
    return service_of_file


async def owner_of(service: Service, count: int, title: str = "'Milk'", description: str = "''") -> str:
    """The name of a new user with so many tasks, whose texts are SQL of their number `n`."""
    name = (await make_user(service)).name
    owner = name.removeprefix("users/")
    await run(service.database_url, ROWS.format(owner=owner, count=count, title=title, description=description))
    return name


async def page(service: Stubs, parent: str, **fields: Any) -> SearchTasksResponse:
    return await service.tasks.SearchTasks(SearchTasksRequest(**{"parent": parent, "query": "milk", **fields}))


async def walk(service: Stubs, parent: str, **fields: Any) -> AsyncIterator[SearchTasksResponse]:
    token = ""
    for _ in range(1000):
        answer = await page(service, parent, page_token=token, **fields)
        yield answer
        token = answer.next_page_token
        if not token:
            return
    raise AssertionError("the walk does not end")


async def names(service: Stubs, parent: str, **fields: Any) -> list[str]:
    return [result.task.name async for answer in walk(service, parent, **fields) for result in answer.results]


async def write(service: Service, parent: str, seed: int, done: asyncio.Event) -> None:
    """Creates, changes and deletes tasks that are found too, beside those that are to last."""
    choice, own = random.Random(seed), list[str]()
    while not done.is_set():
        title = "Milk " * choice.randint(1, 9)
        if len(own) < 10:
            own.append((await make_task(service, parent, title=title)).name)
        elif choice.random() < 0.5:
            await update_task(service, Task(name=choice.choice(own), title=title))
        else:
            name = own.pop(choice.randrange(len(own)))
            await service.tasks.DeleteTask(DeleteTaskRequest(name=name))


async def walks_under_writes(service: Service, rounds: int) -> None:
    parent = await owner_of(service, 300, "'Milk' || repeat(' tea', n % 3)")
    lasting = await names(service, parent, page_size=1000)
    assert len(lasting) == 300
    done = asyncio.Event()
    writers = [asyncio.create_task(write(service, parent, seed, done)) for seed in range(WRITERS)]
    try:
        for _ in range(rounds):
            seen = Counter(await names(service, parent, page_size=7))
            assert not [name for name in lasting if seen[name] != 1], "what was there throughout comes exactly once"
    finally:
        done.set()
        await asyncio.gather(*writers)


async def test_a_walk_under_concurrent_writes_finds_every_lasting_task_once(service: Service) -> None:
    await walks_under_writes(service, rounds=1)


@pytest.mark.prove
@pytest.mark.timeout(600)
async def test_walks_under_concurrent_writes_find_every_lasting_task_once(service: Service) -> None:
    await walks_under_writes(service, rounds=20)


async def test_pages_of_any_size_hold_the_same_tasks_in_the_same_order(service: Service) -> None:
    parent = await owner_of(service, 60, "'Milk' || repeat(' tea', n % 4)", "repeat('milk ', n % 5)")
    whole = await names(service, parent, page_size=1000)
    assert len(set(whole)) == len(whole) == 60
    for size in (1, 7, 59, 60):
        assert await names(service, parent, page_size=size) == whole


async def test_no_more_than_a_thousand_are_found(service: Service) -> None:
    parent = await owner_of(service, 1100)
    assert len(await names(service, parent, page_size=1000)) == 1000
    sizes = [len(answer.results) async for answer in walk(service, parent, page_size=300)]
    assert sizes == [300, 300, 300, 100]


@pytest.mark.parametrize("character", ["x", "\U0001f6eb"], ids=["one byte", "four bytes"])
async def test_answers_end_before_3_mib_and_the_walk_goes_on(service: Service, character: str) -> None:
    parent = await owner_of(service, 400, description=f"repeat('{character}', 9995) || ' milk'")
    answers = [answer async for answer in walk(service, parent, page_size=1000)]
    found = [result for answer in answers for result in answer.results]
    assert len({result.task.name for result in found}) == len(found) == 400
    assert max(answer.ByteSize() for answer in answers) <= ANSWER
    assert min(answer.ByteSize() for answer in answers[:-1]) > ANSWER - 50_000, "each page but the last is filled"
    assert all(len(snippet.text) < 250 for result in found for snippet in result.snippets)


async def test_a_token_is_of_its_caller_parent_query_and_filter_alone(service: Service) -> None:
    parent, other = await owner_of(service, 3), await owner_of(service, 3)
    token = (await page(service, parent, page_size=1)).next_page_token
    assert len((await page(service, parent, page_size=2, page_token=token)).results) == 2, "the size may change"
    changes: list[dict[str, Any]] = [{"parent": other}, {"query": "mil"}, {"filter": "state = OPEN"}]
    requests: list[tuple[Stubs, dict[str, Any]]] = [
        (service, {"parent": parent, "page_token": token, **changed}) for changed in changes
    ]
    reader = await service.called_by("SERVICE", ("tasks.read",))
    requests += [(reader, {"parent": parent, "page_token": token}), (service, {"parent": parent, "page_token": "x"})]
    for stubs, fields in requests:
        await refused(page(stubs, **fields), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
