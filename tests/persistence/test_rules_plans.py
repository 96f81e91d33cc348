"""R8: each query of the service goes through an index to its rows and sees hardly any other (database.md)."""

from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine, purge
from persistence.models import Base
from persistence.ordering import NEWEST_FIRST
from persistence.paging import Bounds
from persistence.repositories.personal_policy import EXPORTED
from persistence.repositories.task_pages import TaskPages
from persistence.url import parse
from tests.conftest import Databases
from tests.persistence.plan_queries import (
    OWNER,
    PAGE,
    Query,
    identifier,
    request_queries,
    task_queries,
    user_queries,
)
from tests.persistence.plan_queries_access import (
    across_queries,
    fill,
    log_queries,
    personal_queries,
    secret_queries,
    session_queries,
)
from tests.persistence.plan_queries_pages import (
    UNKNOWN,
    Places,
    every_index,
    filtered_queries,
    find_places,
    group_queries,
    page_queries,
)
from tests.persistence.plan_queries_search import search_queries
from tests.persistence.plans import Examined, examine
from tests.persistence.task_walks import orders

Seen = Mapping[str, tuple[Examined, int]]  # what a query sees, and how many rows it may
FEWER = 10_000  # tasks of the owner in the short form

QUERIES = (
    task_queries,
    user_queries,
    request_queries,
    across_queries,
    group_queries,
    session_queries,
    secret_queries,
    log_queries,
    personal_queries,
)
# The first column of each index; R8 says itself that those of owned tables begin with their owner.
LEADING = {
    str(index.name): index.columns[0].name for table in Base.metadata.tables.values() for index in table.indexes
} | {str(table.primary_key.name): table.primary_key.columns[0].name for table in Base.metadata.tables.values()}
# A list of everybody's has no condition but the place to go on from.
LISTS = {"pk_users", "ix_users_id_living", "pk_audit_log", "ix_tasks_id_owner_id", "ix_tasks_id_owner_id_living"}
FEW_ROWS = {"signing_keys"}  # three of them and those that retired within the hour: no index is worth its while
# Two small tables are read as they are; the numbers of changes name rows for those who look by hand.
NOT_ENTERED = {"pk_schema_compatibility", "pk_signing_keys", "uq_signing_keys_state", "pk_access_changes"}
OF_ONE_ACCOUNT = ("sessions", "keys", "audit log of an account", *(f"export of {name}" for name in EXPORTED))
# They may put the few rows that they found in order: of ids that are given, of one account, of two pages in one.
SORTING = {
    "last use of sessions",
    "last use of keys",
    "projects",
    "projects, with the deleted",
    "tags",
    *(f"{listed}{place}" for listed in OF_ONE_ACCOUNT for place in ("", " below one")),
}


def all_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    """By name; `rows` is the number of tasks of the owner."""
    return {name: query for queries in QUERIES for name, query in queries(connection, rows).items()}


@pytest.fixture(scope="module", params=[FEWER, pytest.param(100_000, marks=pytest.mark.prove)])
async def filled_url(
    request: pytest.FixtureRequest, databases: Databases, migrated_template: str
) -> AsyncIterator[tuple[str, int]]:
    """A tenth of the tasks belongs to others, a fifth of all is deleted; some outcomes are older than a day."""
    rows: int = request.param
    async with databases(template=migrated_template) as url:
        single = engine.single(parse(url))
        async with single.connect() as connection:
            for statement in fill():
                await connection.execute(text(statement), {"rows": rows})
            await connection.commit()
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
        await single.dispose()
        yield url, rows


@pytest.fixture(scope="module")
async def places(filled_url: tuple[str, int]) -> Places:
    """Of all orders in the long form, else of those that go through all indexes."""
    url, rows = filled_url
    single = engine.single(parse(url))
    async with single.connect() as connection:
        found = await find_places(connection, orders() if rows > FEWER else filter(every_index, orders()))
    await single.dispose()
    return found


@pytest.fixture(scope="module")
async def pages_seen(filled_url: tuple[str, int], places: Places) -> Seen:
    return await see(filled_url[0], lambda connection: page_queries(connection, places))


@pytest.fixture(scope="module")
async def filtered_seen(filled_url: tuple[str, int], places: Places) -> Seen:
    url, rows = filled_url
    bounds = Bounds(rows * 95 // 1000, rows // 20)
    found = await see(url, lambda connection: filtered_queries(connection, places, bounds, rows // 10))
    if rows > FEWER:
        return found
    # A page that may look at all tasks of the owner goes through the index of its order nevertheless.
    wide = await see(url, lambda connection: filtered_queries(connection, places, Bounds(), rows, [UNKNOWN]))
    return {**found, **{f"{name}, of all": seen for name, seen in wide.items()}}


async def see(url: str, queries: Callable[[AsyncConnection], Mapping[str, Query]]) -> Seen:
    """Each query once, as it is run for the test of what it sees and for that of the indexes."""
    single = engine.single(parse(url))
    async with single.connect() as connection:
        found = {n: (await examine(connection, run, most=2), limit) for n, (run, limit) in queries(connection).items()}
    await single.dispose()
    return found


@pytest.fixture
async def filled(filled_url: tuple[str, int]) -> AsyncIterator[tuple[AsyncConnection, int]]:
    """A connection to the filled database, rolled back, and the number of the owner's tasks."""
    url, rows = filled_url
    single = engine.single(parse(url))
    async with single.connect() as connection:
        yield connection, rows
    await single.dispose()


async def test_a_query_sees_what_it_answers_and_little_else(filled: tuple[AsyncConnection, int]) -> None:
    connection, rows = filled
    for name, (run, limit) in all_queries(connection, rows).items():
        seen = await examine(connection, run)
        await connection.rollback()
        require_indexed(name, seen)
        assert seen.rows + seen.entries <= limit, (name, seen)
        assert not seen.sorts or name in SORTING, (name, seen)


def require_indexed(name: str, seen: Examined) -> None:
    assert seen.conditions, (name, seen)
    assert not seen.sequential, (name, seen)
    assert all(begins_rightly(used, condition) for used, condition in seen.conditions), (name, seen)


async def test_a_page_in_any_order_sees_little_more_than_it_answers(pages_seen: Seen) -> None:
    """It may sort the few rows that are alike in the first of two fields. No index is read through to find them."""
    for name, (seen, limit) in pages_seen.items():
        require_indexed(name, seen)
        assert seen.rows + seen.entries <= limit, (name, seen)
        assert seen.blocks <= 2 * seen.rows + 100, (name, seen)


async def test_a_page_with_a_filter_sees_no_more_than_its_bound(filtered_seen: Seen) -> None:
    """An inverted index names all rows that have a word, however many: of these only so many are looked at."""
    for name, (seen, limit) in filtered_seen.items():
        require_indexed(name, seen)
        assert seen.rows <= limit, (name, seen)


def begins_rightly(index: str, condition: str) -> bool:
    """With what the index begins with: the owner, the unique key, whom a secret belongs to."""
    if index in LISTS and not condition:
        return True
    return (
        condition.removeprefix("(")
        .removeprefix("(")
        .removeprefix("ROW(")
        .startswith((f"{LEADING[index]} ", f"{LEADING[index]},"))
    )


async def examine_purge(connection: AsyncConnection, step: str) -> Examined:
    statement = text(purge._STATEMENTS[step])
    seen = await examine(connection, lambda: connection.execute(statement, {"batch": purge.BATCH}))
    await connection.rollback()
    return seen


async def test_no_index_is_in_vain(filled: tuple[AsyncConnection, int], pages_seen: Seen, filtered_seen: Seen) -> None:
    """Every index of every table is entered by a query of the service, the purge included."""
    connection, rows = filled
    used = {index for seen, _ in (*pages_seen.values(), *filtered_seen.values()) for index in seen.indexes}
    for run, _ in (all_queries(connection, rows) | search_queries(connection, rows)).values():
        used |= (await examine(connection, run)).indexes
        await connection.rollback()
    for step in purge._STATEMENTS:
        used |= (await examine_purge(connection, step)).indexes
    assert set(LEADING) - NOT_ENTERED <= used


@pytest.mark.parametrize("step", purge._STATEMENTS)
async def test_a_step_of_the_purge_goes_through_an_index(filled: tuple[AsyncConnection, int], step: str) -> None:
    """It runs each minute: it must not read a whole table to find a batch. Two accounts and 100 tasks are due here."""
    connection, _ = filled
    seen = await examine_purge(connection, step)
    by_time = {name for name, column in LEADING.items() if column.endswith("_at")}
    assert by_time & seen.indexes or step in FEW_ROWS, seen
    # PostgreSQL may hash a small table to join the batch with it: what counts is that it does not grow with the table.
    assert not seen.sequential or seen.rows <= 20 * purge.BATCH, seen


async def test_a_query_without_its_index_is_found_out(filled: tuple[AsyncConnection, int]) -> None:
    """The control: what the tests above ask of a plan does not hold of every plan."""
    connection, rows = filled
    some = identifier(rows // 2)
    statement = text("SELECT title FROM tasks WHERE created_by = :id LIMIT 1")
    ownerless = await examine(connection, lambda: connection.execute(statement, {"id": some}))
    assert ownerless.sequential or not all(begins_rightly(*entered) for entered in ownerless.conditions)
    await connection.execute(text("DROP INDEX ix_tasks_owner_id_id_living, ix_tasks_id_owner_id_living"))
    pages, order = TaskPages(connection), NEWEST_FIRST
    living = await examine(connection, lambda: pages.page(identifier(OWNER), order, None, PAGE, deleted=False))
    assert living.rows > PAGE
