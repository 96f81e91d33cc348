"""R8: each query of the service goes through an index to its rows and sees hardly any other (database.md)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine, purge
from persistence.repositories.base import Guard, Moment
from persistence.repositories.requests import REQUESTS
from persistence.repositories.tasks import Tasks
from persistence.repositories.users import Users
from persistence.url import parse
from tests.conftest import Databases
from tests.persistence.plans import Examined, examine

PAGE = 50
OWNER, OTHERS = 1, 40  # number of the owner of most tasks; how many more owners there are
NAME = "('00000000-0000-7000-8000-' || lpad(to_hex({}), 12, '0'))::uuid"
FILL = {
    "users": """
        INSERT INTO users (id, username, username_key, email, email_key, display_name, time_zone, role, created_by,
            updated_by, deleted_at, purge_at)
        SELECT {id}, 'u' || n, 'u' || n, n || '@b', n || '@b', '', 'UTC', 'USER', {id}, {id},
            CASE WHEN n % 5 = 0 THEN now() END, CASE WHEN n % 5 = 0 THEN now() + (n - 10) * interval '1 minute' END
        FROM generate_series(1, :rows / 10) AS n""",
    "tasks": """
        INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by, deleted_at, purge_at)
        SELECT CASE WHEN n % 10 = 0 THEN {other} ELSE {owner} END, {id}, 'title', repeat('x', 200), 'LOW', {owner},
            {owner}, CASE WHEN n % 5 = 0 THEN now() END, CASE WHEN n % 5 = 0 THEN now() + (n - 500) * interval '1 minute' END
        FROM generate_series(1, :rows * 10 / 9) AS n""",
    "requests": """
        INSERT INTO requests (caller_id, request_id, method, fingerprint, answer, created_at)
        SELECT {owner}, {id}, '/taxiway.v1.TaskService/CreateTask', sha256('x'), sha256('y') || repeat('y', 300)::bytea,
            now() - (:rows - n) * interval '25 hours' / :rows
        FROM generate_series(1, :rows) AS n""",
}


def identifier(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


@pytest.fixture(scope="module", params=[10_000, pytest.param(100_000, marks=pytest.mark.prove)])
async def filled_url(
    request: pytest.FixtureRequest, databases: Databases, migrated_template: str
) -> AsyncIterator[tuple[str, int]]:
    """A tenth of the tasks belongs to others, a fifth of all is deleted; some outcomes are older than a day."""
    rows: int = request.param
    other = NAME.format(f"2 + n / 10 % {OTHERS}")
    names = {"id": NAME.format("n"), "owner": NAME.format(OWNER), "other": other}
    async with databases(template=migrated_template) as url:
        single = engine.single(parse(url))
        async with single.connect() as connection:
            for statement in FILL.values():
                await connection.execute(text(statement.format(**names)), {"rows": rows})
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


def task_queries(connection: AsyncConnection, rows: int) -> dict[str, tuple[Callable[[], Awaitable[object]], str, int]]:
    """By name: what to run, the index it should enter, and how many rows it may see."""
    tasks, owner, some = Tasks(connection), identifier(OWNER), identifier(rows // 2 + 1)
    places = {"first": None, "middle": some, "last": identifier(PAGE)}
    lists = {
        f"{place} page, {'with' if deleted else 'without'} the deleted": (
            lambda after=after, deleted=deleted: tasks.list_for_owner(owner, after, PAGE, deleted=deleted),
            "pk_tasks" if deleted else "ix_tasks_owner_id_id_living",
            PAGE,
        )
        for place, after in places.items()
        for deleted in (False, True)
    }
    columns = {"title": "new", "description": "", "priority": "LOW"}
    guard = Guard(version=(1, datetime.now(UTC)), states=("OPEN",))
    deletion = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
    return lists | {
        "get": (lambda: tasks.get(owner, some), "pk_tasks", 1),
        "get of another's": (lambda: tasks.get(identifier(OWNER + 1), some), "pk_tasks", 0),
        "standing": (lambda: tasks.get_standing(owner, some), "pk_tasks", 2),
        "add": (lambda: tasks.add(owner, uuid4(), owner, columns), "ix_users_id_living", 1),
        "change": (lambda: tasks.change(owner, some, owner, {"title": "new"}, guard), "pk_tasks", 2),
        "deletion": (lambda: tasks.change(owner, some, owner, deletion, Guard()), "pk_tasks", 2),
    }


def user_queries(connection: AsyncConnection, rows: int) -> dict[str, tuple[Callable[[], Awaitable[object]], str, int]]:
    users, some = Users(connection), identifier(rows // 20 + 1)
    key = {"caller": identifier(OWNER), "request": identifier(rows // 2)}

    def sql(statement: str, **values: object) -> Callable[[], Awaitable[object]]:
        return lambda: connection.execute(text(statement), values)

    outcome = f"SELECT answer FROM {REQUESTS.name} WHERE caller_id = :caller AND request_id = :request"
    taken = "SELECT id FROM users WHERE {} = :key AND deleted_at IS NULL"
    lists = {
        f"users {'from the middle' if after else 'newest first'}, {'with' if deleted else 'without'} the deleted": (
            lambda after=after, deleted=deleted: users.list_newest_first(after, PAGE, deleted=deleted),
            "pk_users" if deleted else "ix_users_id_living",
            PAGE,
        )
        for after in (None, some)
        for deleted in (False, True)
    }
    return lists | {
        "get user": (lambda: users.get(some), "pk_users", 1),
        "get users": (lambda: users.get_many([identifier(number) for number in range(1, 101)]), "pk_users", 100),
        "change user": (lambda: users.change(some, some, {"display_name": "new"}, Guard()), "pk_users", 1),
        "by mail address": (sql(taken.format("email_key"), key="7@b"), "uq_users_email_key", 1),
        "by user name": (sql(taken.format("username_key"), key="u7"), "uq_users_username_key", 1),
        "outcome": (sql(outcome, **key), "pk_requests", 1),
    }


async def test_a_query_sees_what_it_answers_and_little_else(filled: tuple[AsyncConnection, int]) -> None:
    connection, rows = filled
    for name, (run, index, limit) in {**task_queries(connection, rows), **user_queries(connection, rows)}.items():
        seen = await examine(connection, run)
        await connection.rollback()
        assert index in seen.conditions, (name, seen)
        assert seen.rows <= limit, (name, seen)
        assert not seen.sequential, (name, seen)
        assert not seen.sorts, (name, seen)
        assert all(begins_rightly(used, condition) for used, condition in seen.conditions.items()), (name, seen)


def begins_rightly(index: str, condition: str) -> bool:
    """With the owner, or with the unique key. A list of all users has no condition but the place to go on from."""
    if index == "ix_users_id_living" or (index == "pk_users" and not condition):
        return condition == "" or condition.startswith("(id < ")
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
    for run, _, _ in {**task_queries(connection, rows), **user_queries(connection, rows)}.values():
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
