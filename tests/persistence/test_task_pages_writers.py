"""A walk while others write neither loses nor repeats a task that was there throughout and sorted as it is."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine
from persistence.conditions import Condition, Holds
from persistence.ordering import Order
from persistence.paging import Bounds, Page, Position
from persistence.repositories.pages import position_of
from persistence.repositories.task_pages import OF_OWNER, TaskPages
from persistence.url import parse
from tests.persistence.task_walks import by, drawn, filled, keep, name_of, orders, walk

SIZE, WRITERS, OWN = 7, 8, 12  # rows of a page; writers, and how many tasks each of them has at most
LASTING = Holds("tags", "lasting")
SOME_ORDERS = ("newest first", "updated_at", "due_at, updated_at desc", "priority desc, due_at", "title, priority")
BOUNDS = Bounds(60, 25)  # so that pages end early, and look-ups find too much
TOUCHED = text("UPDATE tasks SET description = :title WHERE owner_id = :owner AND id = :id")
CHANGES = (
    text("UPDATE tasks SET title = :title, due_at = NULL, priority = 'LOW' WHERE owner_id = :owner AND id = :id"),
    text("UPDATE tasks SET deleted_at = now(), purge_at = now() WHERE owner_id = :owner AND id = :id"),
    text("UPDATE tasks SET deleted_at = NULL, purge_at = NULL WHERE owner_id = :owner AND id = :id"),
    text("DELETE FROM tasks WHERE owner_id = :owner AND id = :id"),
)


async def write(
    connection: AsyncConnection, owner: UUID, lasting: Sequence[UUID], seed: int, over: asyncio.Event
) -> int:
    """Until `over`: makes tasks, changes, deletes, restores, removes them; of `lasting` it changes descriptions."""
    choice, own, writes = random.Random(f"writer {seed}"), list[UUID](), 0
    while not over.is_set():
        values = {"owner": owner, "title": f"t{writes}"}
        if len(own) < OWN:
            task = drawn(choice, owner)
            await keep(connection, [task])
            own.append(task.id)
        elif choice.random() < 0.4:
            await connection.execute(TOUCHED, {**values, "id": choice.choice(lasting)})
        else:
            change, some = choice.choice(CHANGES), choice.choice(own)
            if (await connection.execute(change, {**values, "id": some})).rowcount and change is CHANGES[-1]:
                own.remove(some)
        writes += 1
    return writes


@asynccontextmanager
async def writing(url: str, owner: UUID, lasting: Sequence[UUID]) -> AsyncIterator[None]:
    """Eight writers, each on a connection of its own; every one of them wrote when it ends."""
    single, over = engine.single(parse(url)).execution_options(isolation_level="AUTOCOMMIT"), asyncio.Event()
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(single.connect()) for _ in range(WRITERS)]
        writers = [asyncio.create_task(write(c, owner, lasting, seed, over)) for seed, c in enumerate(connections)]
        try:
            yield
        finally:
            over.set()
            written = await asyncio.gather(*writers)
    await single.dispose()
    assert min(written) > OWN


async def require_each_once(
    connection: AsyncConnection, owner: UUID, expected: Mapping[UUID, bool], order: Order, condition: Condition | None
) -> None:
    """`expected`: the tasks that last, and whether others change them, and so the times of their change."""
    pages, deleted = TaskPages(connection, BOUNDS), condition is None  # look-ups are for living tasks
    by_change = any(key.column == "updated_at" for key in order.keys)

    async def read(place: Position | None) -> Page:
        return await pages.page(owner, order, place, SIZE + 1, deleted=deleted, condition=condition)

    rows, _ = await walk(read, partial(position_of, OF_OWNER, order=order), SIZE)
    seen = Counter(row.id for row in rows)
    wrong = {task: seen[task] for task, touched in expected.items() if seen[task] != 1 and not (by_change and touched)}
    assert not wrong, (name_of(order), condition)


async def walk_under_writes(url: str, chosen: Iterable[Order]) -> None:
    single = engine.single(parse(url)).execution_options(isolation_level="AUTOCOMMIT")
    async with single.connect() as connection:
        owner, _ = await filled(connection, 60)
        choice = random.Random(5)
        lasting = [replace(drawn(choice, owner), deleted_at=None, tags=["lasting"]) for _ in range(60)]
        await keep(connection, lasting)
        expected = {task.id: place % 2 == 0 for place, task in enumerate(lasting)}
        async with writing(url, owner, [task for task, touched in expected.items() if touched]):
            for order in chosen:
                for condition in (None, LASTING):
                    await require_each_once(connection, owner, expected, order, condition)
    await single.dispose()


async def test_a_walk_under_writes_finds_each_lasting_task_once(database_url: str) -> None:
    await walk_under_writes(database_url, map(by, SOME_ORDERS))


@pytest.mark.prove
@pytest.mark.timeout(900)
async def test_a_walk_in_each_order_under_writes_finds_each_lasting_task_once(database_url: str) -> None:
    await walk_under_writes(database_url, orders())
