"""Pages with a condition: whatever they look at, and wherever they end early, they hold each task once and in order."""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Compare, Condition, Every, Holds, IsSet, JsonCompare, Not, Some
from persistence.ordering import NEWEST_FIRST, Order
from persistence.paging import Bounds, Page, PageQuery, Position
from persistence.repositories.pages import position_of, read_page
from persistence.repositories.task_pages import ACROSS, OF_OWNER, TaskPages
from persistence.repositories.user_pages import ACCOUNTS, UserPages
from persistence.sealing import sealers
from tests.persistence.plans import sent_on
from tests.persistence.task_walks import Task, by, filled, in_order, name_of, orders, walk
from tests.persistence.units import OLD, add_account, unit

SIZE = 7
OPEN, PROJECT = Compare("state", "=", "OPEN"), UUID(int=2)
# Found by an index that goes on by id, by one that does not, or by none; together with more, and not at all.
CONDITIONS: dict[str, tuple[Condition, Callable[[Task], bool]]] = {
    "state": (OPEN, lambda task: task.state == "OPEN"),
    "states": (Some((OPEN, Compare("state", "=", "CANCELLED"))), lambda task: task.state != "COMPLETED"),
    "project": (Compare("project_id", "=", PROJECT), lambda task: task.project_id == PROJECT),
    "tag": (Holds("tags", "rare"), lambda task: "rare" in task.tags),
    "metadata": (JsonCompare("metadata", ("a",), "=", 1.0), lambda task: task.metadata.get("a") == 1),
    "title": (Compare("title", "<", "b"), lambda task: task.title < "b"),
    "no due time": (Not(IsSet("due_at")), lambda task: task.due_at is None),
    "both": (
        Every((Holds("tags", "work"), Not(OPEN), Compare("priority", ">", "LOW"))),
        lambda task: "work" in task.tags and task.state != "OPEN" and task.priority != "LOW",
    ),
    "none": (Compare("title", "=", "nobody's"), lambda _: False),
}
SOME_ORDERS = (
    "newest first",
    "oldest first",
    "created_at",
    "due_at desc",
    "priority desc, due_at",
    "priority, title",
    "due_at, priority desc",
    "updated_at desc, due_at desc",
)
TINY = (Bounds(8, 3), Bounds(30, 20), Bounds(150, 40), Bounds())


async def require_walks(connection: AsyncConnection, chosen: Iterable[Order], names: Iterable[str]) -> list[int]:
    """Each page has bounds of its own, so that a walk goes on by another way than it came. How many rows pages had."""
    owner, tasks = await filled(connection, 200)
    choice, sizes = random.Random(3), list[int]()
    for order, name, deleted in product(chosen, names, (False, True)):
        condition, holds = CONDITIONS[name]

        async def read(place: Position | None, query: PageQuery) -> Page:
            pages = TaskPages(connection, choice.choice(TINY))
            return await pages.page(
                owner, query.order, place, query.limit, deleted=query.deleted, condition=query.condition
            )

        query = PageQuery(SIZE + 1, order, deleted=deleted, condition=condition)
        rows, found = await walk(partial(read, query=query), partial(position_of, OF_OWNER, order=order), SIZE)
        expected = in_order([task for task in tasks if holds(task) and (deleted or task.deleted_at is None)], order)
        assert [row.id for row in rows] == [task.id for task in expected], (name_of(order), name, deleted)
        sizes += found[:-1]
    return sizes


async def test_a_walk_is_whole_and_in_order_though_pages_end_early(shared_connection: AsyncConnection) -> None:
    sizes = await require_walks(shared_connection, map(by, SOME_ORDERS), ("tag", "both", "no due time"))
    assert {0, 1, SIZE} <= {*sizes}, "empty pages, pages that end early, and full ones"


@pytest.mark.parametrize("name", CONDITIONS)
async def test_each_condition_is_walked_through(shared_connection: AsyncConnection, name: str) -> None:
    await require_walks(shared_connection, [NEWEST_FIRST, by("due_at, title desc")], [name])


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", CONDITIONS)
async def test_a_walk_in_each_order_is_whole_though_pages_end_early(
    shared_connection: AsyncConnection, name: str
) -> None:
    await require_walks(shared_connection, orders(), [name])


@pytest.mark.parametrize(
    ("name", "order", "bounds", "statements"),
    [
        ("state", "newest first", Bounds(), 1),  # the index of the state goes on by id
        ("project", "oldest first", Bounds(), 1),
        ("title", "due_at", Bounds(), 1),  # no index knows
        ("states", "due_at", Bounds(), 1),
        ("state", "due_at", Bounds(), 1),  # looked up: all of them
        ("tag", "newest first", Bounds(), 1),
        ("state", "due_at", Bounds(200, 5), 2),  # looked up: too many
        ("tag", "newest first", Bounds(200, 5), 2),
        ("metadata", "priority desc, due_at", Bounds(200, 5), 2),
    ],
)
async def test_a_second_statement_is_sent_only_where_a_look_up_finds_too_many(
    shared_connection: AsyncConnection, name: str, order: str, bounds: Bounds, statements: int
) -> None:
    owner, tasks = await filled(shared_connection, 100)
    condition, holds = CONDITIONS[name]
    with sent_on(shared_connection) as sent:
        page = await TaskPages(shared_connection, bounds).page(
            owner, by(order), None, 1000, deleted=False, condition=condition
        )
    assert len(sent) == statements
    assert {row.id for row in page.rows} == {task.id for task in tasks if holds(task) and task.deleted_at is None}
    assert page.stopped is None


async def test_a_look_up_that_finds_exactly_its_bound_is_too_much_for_it(shared_connection: AsyncConnection) -> None:
    """It cannot know whether there are more."""
    owner, tasks = await filled(shared_connection, 100)
    condition, holds = CONDITIONS["tag"]
    count = sum(holds(task) and task.deleted_at is None for task in tasks)
    for bound, statements in ((count, 2), (count + 1, 1)):
        pages = TaskPages(shared_connection, Bounds(1000, bound))
        with sent_on(shared_connection) as sent:
            page = await pages.page(owner, by("title"), None, 1000, deleted=False, condition=condition)
        assert (len(sent), len(page.rows)) == (statements, count)


async def test_tasks_of_all_owners_are_walked_through_with_a_condition(shared_connection: AsyncConnection) -> None:
    _, tasks = await filled(shared_connection, 60)
    condition = Every((OPEN, Compare("updated_at", ">", tasks[0].updated_at)))
    for bounds, deleted in product(TINY, (False, True)):
        pages = TaskPages(shared_connection, bounds)
        whole = await pages.page_across(None, 1000, deleted=deleted)
        rows, _ = await walk(
            partial(pages.page_across, limit=SIZE + 1, deleted=deleted, condition=condition),
            partial(position_of, ACROSS, order=NEWEST_FIRST),
            SIZE,
        )
        expected = [row for row in whole.rows if row.state == "OPEN" and row.updated_at > tasks[0].updated_at]
        assert rows
        assert [(row.id, row.owner_id) for row in rows] == [(row.id, row.owner_id) for row in expected]


async def test_accounts_are_listed_by_the_same_statements(shared_connection: AsyncConnection) -> None:
    """The table has no owner, and other indexes."""
    uow = unit(shared_connection)
    people = {await add_account(uow, f"p{number}", role="USER") for number in range(9)}
    services = {await add_account(uow, f"s{number}") for number in range(9)}
    pages = UserPages(shared_connection, sealers((OLD,)).personal, Bounds(4))
    for condition, expected in ((None, people | services), (Compare("role", "=", "USER"), people)):

        async def read(place: Position | None, query: PageQuery) -> Page:
            return await pages.page(replace(query, position=place))

        reader = partial(read, query=PageQuery(4, condition=condition))
        rows, _ = await walk(reader, partial(position_of, ACCOUNTS, order=NEWEST_FIRST), 3)
        assert [row.id for row in rows] == sorted(expected, reverse=True)


async def test_an_account_is_found_by_its_mail_address_among_many_in_one_page(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    accounts = [await add_account(uow, f"p{number}", role="USER") for number in range(9)]
    for number in (0, 8):
        query = PageQuery(9, condition=Compare("email_key", "=", f"p{number}@b"))
        page = await read_page(TaskPages(shared_connection)._all, ACCOUNTS, {}, query, Bounds(2))
        assert ([row.id for row in page.rows], page.stopped) == ([accounts[number]], None)
