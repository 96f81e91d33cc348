"""Pages without a condition, one after another, hold every task once and in the order that is asked for."""

from collections.abc import Iterable
from functools import partial
from itertools import cycle, product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ordering import NEWEST_FIRST, Order
from persistence.paging import Bounds, Page, Position
from persistence.repositories.base import Guard, Moment
from persistence.repositories.pages import position_of
from persistence.repositories.task_pages import ACROSS, OF_OWNER, TaskPages
from tests.persistence.plans import examine, sent_on
from tests.persistence.task_walks import by, filled, in_order, name_of, orders, walk, without_indexes
from tests.persistence.units import add_account, unit

SIZE = 7
TASK: dict[str, object] = {"title": "one", "description": "", "priority": "LOW"}


async def require_walks(connection: AsyncConnection, count: int, chosen: Iterable[tuple[Order, bool]]) -> None:
    """In pages of 7, each of one statement: each order, with the deleted tasks or without."""
    owner, tasks = await filled(connection, count)
    pages = TaskPages(connection)

    async def read(position: Position | None, order: Order, deleted: bool) -> Page:
        return await pages.page(owner, order, position, SIZE + 1, deleted=deleted)

    for order, deleted in chosen:
        reader, place = partial(read, order=order, deleted=deleted), partial(position_of, OF_OWNER, order=order)
        with sent_on(connection) as sent:
            rows, sizes = await walk(reader, place, SIZE)
        assert len(sent) == len(sizes), name_of(order)
        expected = in_order([task for task in tasks if deleted or task.deleted_at is None], order)
        assert [row.id for row in rows] == [task.id for task in expected], (name_of(order), deleted)
        assert {*sizes[:-1]} == {SIZE}, (name_of(order), "a page without a condition ends when it is full")


async def test_a_walk_in_each_order_is_as_python_sorts_the_tasks(shared_connection: AsyncConnection) -> None:
    """Every third order with the deleted tasks, and the others without."""
    await require_walks(shared_connection, 60, zip(orders(), cycle((True, False, False)), strict=False))


@pytest.mark.prove
async def test_a_walk_in_each_order_with_the_deleted_and_without_is_as_python_sorts_the_tasks(
    shared_connection: AsyncConnection,
) -> None:
    await require_walks(shared_connection, 300, product(orders(), (True, False)))


@pytest.mark.prove
async def test_each_order_is_the_statements_own_and_not_that_of_an_index(shared_connection: AsyncConnection) -> None:
    await without_indexes(shared_connection)
    await require_walks(shared_connection, 300, product(orders(), (True, False)))


async def test_few_tasks_without_a_value_among_many_end_a_page_early(shared_connection: AsyncConnection) -> None:
    """They are looked for among all tasks, and only so many of these are looked at for one page."""
    owner, tasks = await filled(shared_connection, 90)
    pages, order = TaskPages(shared_connection, Bounds(examined=10)), by("due_at, title")
    rows, sizes = await walk(
        lambda position: pages.page(owner, order, position, SIZE + 1, deleted=True),
        partial(position_of, OF_OWNER, order=order),
        SIZE,
    )
    assert [row.id for row in rows] == [task.id for task in in_order(tasks, order)]
    assert min(sizes) < SIZE


async def test_a_full_page_does_not_look_for_tasks_without_a_value(shared_connection: AsyncConnection) -> None:
    """Where there are none, that would be to look at all of them."""
    owner, _ = await filled(shared_connection, 300)
    await shared_connection.execute(text("UPDATE tasks SET due_at = now() WHERE due_at IS NULL"))
    for kind in ("seqscan", "bitmapscan"):
        await shared_connection.execute(text(f"SET LOCAL enable_{kind} = off"))
    pages, order = TaskPages(shared_connection), by("due_at, title")
    seen = await examine(shared_connection, lambda: pages.page(owner, order, None, SIZE, deleted=False))
    assert SIZE <= seen.rows < 150


async def test_the_newest_tasks_of_an_owner_are_asked_for_as_simply_as_can_be(
    shared_connection: AsyncConnection,
) -> None:
    with sent_on(shared_connection) as sent:
        await TaskPages(shared_connection).page(uuid4(), NEWEST_FIRST, (uuid4(),), SIZE, deleted=False)
    ((statement, _),) = sent
    assert statement.count("SELECT") == 1
    assert "OVER" not in statement


async def test_tasks_of_all_owners_are_paged_by_id_and_owner(shared_connection: AsyncConnection) -> None:
    """Two owners may have a task of one id: a page that ends between them goes on with the other."""
    await without_indexes(shared_connection)
    uow, pages = unit(shared_connection), TaskPages(shared_connection)
    owners = [await add_account(uow, f"robot{number}") for number in range(8)]
    same = uuid4()
    keys = [(same, owner) for owner in owners] + [(uuid4(), owner) for owner in owners]
    for task_id, owner in keys:
        await uow.tasks.add(owner, task_id, owner, TASK)
    for size in (1, 2, 100):
        rows, _ = await walk(
            partial(pages.page_across, limit=size + 1, deleted=False),
            partial(position_of, ACROSS, order=NEWEST_FIRST),
            size,
        )
        assert [(row.id, row.owner_id) for row in rows] == sorted(keys, reverse=True)


async def test_deleted_tasks_of_all_owners_are_listed_only_where_they_are_asked_for(
    shared_connection: AsyncConnection,
) -> None:
    uow, pages = unit(shared_connection), TaskPages(shared_connection)
    owner, gone, stays = await add_account(uow), uuid4(), uuid4()
    for task_id in (gone, stays):
        await uow.tasks.add(owner, task_id, owner, TASK)
    await uow.tasks.change((owner, gone), owner, {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}, Guard())

    async def listed(*, deleted: bool) -> set[UUID]:
        return {row.id for row in (await pages.page_across(None, 9, deleted=deleted)).rows}

    assert await listed(deleted=False) == {stays}
    assert await listed(deleted=True) == {gone, stays}
