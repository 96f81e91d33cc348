"""R8: each query of the service goes through an index to its rows and sees hardly any other (database.md)."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine, purge
from persistence.repositories.tasks import Tasks
from persistence.url import parse
from tests.conftest import Databases
from tests.persistence.plan_queries import FILL, OWNER, PAGE, all_queries, identifier, names
from tests.persistence.plans import Examined, examine


@pytest.fixture(scope="module", params=[10_000, pytest.param(100_000, marks=pytest.mark.prove)])
async def filled_url(
    request: pytest.FixtureRequest, databases: Databases, migrated_template: str
) -> AsyncIterator[tuple[str, int]]:
    """A tenth of the tasks belongs to others, a fifth of all is deleted; some outcomes are older than a day."""
    rows: int = request.param
    async with databases(template=migrated_template) as url:
        single = engine.single(parse(url))
        async with single.connect() as connection:
            for statement in FILL.values():
                await connection.execute(text(statement.format(**names())), {"rows": rows})
            await connection.commit()
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))
        await single.dispose()
        yield url, rows


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
        assert seen.conditions, (name, seen)
        assert seen.rows <= limit, (name, seen)
        assert not seen.sequential, (name, seen)
        assert not seen.sorts, (name, seen)
        assert all(begins_rightly(used, condition) for used, condition in seen.conditions.items()), (name, seen)


def begins_rightly(index: str, condition: str) -> bool:
    """With the owner, or with the unique key. A list of all users has no condition but the place to go on from."""
    if index in {"ix_users_id_living", "pk_users"} and not condition:
        return True
    first = {"pk_requests": "caller_id", "uq_users_email_key": "email_key", "uq_users_username_key": "username_key"}
    column = "owner_id" if "_tasks_" in f"{index}_" else first.get(index, "id")
    return condition.strip("(").startswith(f"{column} ")


async def examine_purge(connection: AsyncConnection, step: str) -> Examined:
    statement = text(purge._STATEMENTS[step])
    seen = await examine(connection, lambda: connection.execute(statement, {"batch": purge.BATCH}))
    await connection.rollback()
    return seen


async def test_no_index_is_in_vain(filled: tuple[AsyncConnection, int]) -> None:
    """Every index of every table is entered by a query of the service, the purge included."""
    connection, rows = filled
    used: set[str] = set()
    for run, _ in all_queries(connection, rows).values():
        used |= (await examine(connection, run)).conditions.keys()
        await connection.rollback()
    for step in purge._STATEMENTS:
        used |= (await examine_purge(connection, step)).conditions.keys()
    tables = "SELECT indexname FROM pg_indexes WHERE tablename IN ('users', 'tasks', 'requests')"
    assert set((await connection.scalars(text(tables))).all()) <= used


@pytest.mark.parametrize("step", purge._STATEMENTS)
async def test_a_step_of_the_purge_goes_through_an_index(filled: tuple[AsyncConnection, int], step: str) -> None:
    """It runs each minute: it must not read a whole table to find a batch. Two accounts and 100 tasks are due here."""
    connection, _ = filled
    seen = await examine_purge(connection, step)
    by_time = {"ix_requests_created_at", "ix_users_purge_at", "ix_tasks_purge_at"}
    assert by_time & seen.conditions.keys(), seen
    # PostgreSQL may hash a small table to join the batch with it: what counts is that it does not grow with the table.
    assert not seen.sequential or seen.rows <= 20 * purge.BATCH, seen


async def test_a_query_without_its_index_is_found_out(filled: tuple[AsyncConnection, int]) -> None:
    """The control: what the tests above ask of a plan does not hold of every plan."""
    connection, rows = filled
    some = identifier(rows // 2)
    statement = text("SELECT title FROM tasks WHERE id = :id")
    ownerless = await examine(connection, lambda: connection.execute(statement, {"id": some}))
    assert ownerless.sequential or not all(begins_rightly(*entered) for entered in ownerless.conditions.items())
    await connection.execute(text("DROP INDEX ix_tasks_owner_id_id_living"))
    tasks = Tasks(connection)
    living = await examine(connection, lambda: tasks.list_for_owner(identifier(OWNER), None, PAGE, deleted=False))
    assert living.rows > PAGE
