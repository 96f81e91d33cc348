"""The trigger of all that has a version: it alone says how often and when a row changed (database.md, R3)."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

ALICE, BOB = UUID(int=1), UUID(int=2)
TASK = text(
    "INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by)"
    " VALUES (:owner, :id, 'one', '', 'LOW', :owner, :owner)"
)
PROJECT = text(
    "INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by)"
    " VALUES (:owner, :owner, 'Garden', '', :owner, :owner)"
)
TAG = text(
    "INSERT INTO tags (owner_id, id, key, display_name, created_by, updated_by)"
    " VALUES (:owner, :owner, 'garden', 'Garden', :owner, :owner)"
)


@pytest.fixture
async def task(shared_connection: AsyncConnection) -> UUID:
    await shared_connection.execute(
        text(
            "INSERT INTO users (id, username, username_key, email, email_key, display_name, time_zone, role,"
            " created_by, updated_by) VALUES (:id, 'a', 'a', 'a@b', 'a@b', 'Alice', 'UTC', 'USER', :id, :id)"
        ),
        {"id": ALICE},
    )
    made = uuid4()
    await shared_connection.execute(TASK, {"owner": ALICE, "id": made})
    return made


async def update(connection: AsyncConnection, assignments: str, **values: object) -> Row[Any]:
    statement = text(f"UPDATE tasks SET {assignments} WHERE owner_id = :owner RETURNING *")
    return (await connection.execute(statement, {"owner": ALICE, **values})).one()


async def stored(connection: AsyncConnection) -> Row[Any]:
    return (await connection.execute(text("SELECT * FROM tasks"))).one()


@pytest.mark.usefixtures("task")
async def test_a_change_counts_and_is_dated_and_signed(shared_connection: AsyncConnection) -> None:
    before = await stored(shared_connection)
    after = await update(shared_connection, "title = 'two', updated_by = :bob", bob=BOB)
    assert (after.version, after.updated_by, after.title) == (2, BOB, "two")
    assert after.updated_at > before.updated_at
    assert after == await stored(shared_connection)


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize(
    "assignments",
    [
        "title = title, updated_by = :bob",
        "updated_by = :bob",
        "title = 'one'",
        "tags = '{}', metadata = '{}', project_id = NULL, parent_id = NULL, updated_by = :bob",
    ],
)
async def test_an_update_that_changes_nothing_keeps_all_and_answers_the_row(
    shared_connection: AsyncConnection, assignments: str
) -> None:
    """Although the words of the search are computed behind the trigger."""
    before = await stored(shared_connection)
    assert await update(shared_connection, assignments, **({"bob": BOB} if "bob" in assignments else {})) == before
    assert await stored(shared_connection) == before


@pytest.mark.parametrize(
    "assignment", ["tags = '{a}'", "metadata = '{\"a\": 1}'", f"project_id = '{ALICE}'", f"parent_id = '{BOB}'"]
)
async def test_what_a_task_is_grouped_by_counts_as_what_it_says_does(
    shared_connection: AsyncConnection, task: UUID, assignment: str
) -> None:
    await shared_connection.execute(PROJECT, {"owner": ALICE})
    await shared_connection.execute(TASK, {"owner": ALICE, "id": BOB})
    change = text(f"UPDATE tasks SET {assignment}, updated_by = :by WHERE id = :id RETURNING version, updated_by")
    for actor in (BOB, ALICE):
        answered = (await shared_connection.execute(change, {"id": task, "by": actor})).one()
        assert (answered.version, answered.updated_by) == (2, BOB)


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize(("table", "statement"), [("projects", PROJECT), ("tags", TAG)])
async def test_projects_and_tags_count_as_tasks_do(
    shared_connection: AsyncConnection, table: str, statement: TextClause
) -> None:
    await shared_connection.execute(statement, {"owner": ALICE})
    change = text(f"UPDATE {table} SET display_name = :name, updated_by = :bob RETURNING version, updated_by")
    answers = [
        (await shared_connection.execute(change, {"name": name, "bob": BOB})).one()
        for name in ("Garden", "Yard", "Yard")
    ]
    assert [tuple(answer) for answer in answers] == [(1, ALICE), (2, BOB), (2, BOB)]


@pytest.mark.usefixtures("task")
async def test_the_words_of_a_task_are_those_of_its_title_and_description(shared_connection: AsyncConnection) -> None:
    matches = text("SELECT search @@ 'two:A' AND search @@ 'more:B' AND NOT search @@ 'one' FROM tasks")
    await update(shared_connection, "title = 'TWO'")
    await update(shared_connection, "description = 'and more'")
    assert await shared_connection.scalar(matches)


@pytest.mark.usefixtures("task")
async def test_nobody_sets_version_or_time_by_update(shared_connection: AsyncConnection) -> None:
    before = await stored(shared_connection)
    assert await update(shared_connection, "version = 41, updated_at = '2001-01-01'") == before
    after = await update(shared_connection, "version = 41, updated_at = '2001-01-01', title = 'two'")
    assert after.version == 2
    assert after.updated_at > before.updated_at


@pytest.mark.usefixtures("task")
async def test_the_time_never_goes_back(shared_connection: AsyncConnection) -> None:
    """As when the clock of a new primary is behind: the row's time lies in the future."""
    await shared_connection.execute(text("ALTER TABLE tasks DISABLE TRIGGER bump_version"))
    before = await update(shared_connection, "updated_at = now() + interval '1 hour'")
    await shared_connection.execute(text("ALTER TABLE tasks ENABLE TRIGGER bump_version"))
    after = await update(shared_connection, "title = 'two'")
    assert (after.version, after.updated_at) == (before.version + 1, before.updated_at)


@pytest.mark.usefixtures("task")
async def test_two_changes_in_one_transaction_have_two_times(shared_connection: AsyncConnection) -> None:
    first = (await shared_connection.execute(text("UPDATE tasks SET title = 'two' RETURNING updated_at"))).scalar_one()
    second = (
        await shared_connection.execute(text("UPDATE tasks SET title = 'three' RETURNING updated_at"))
    ).scalar_one()
    assert second > first


@pytest.mark.usefixtures("task")
async def test_a_value_that_only_reads_differently_is_a_change(shared_connection: AsyncConnection) -> None:
    """1 and 1.0 are equal to JSONB and not to who reads them."""
    change = text("UPDATE users SET annotations = CAST(:annotations AS jsonb) RETURNING version")
    versions = [
        (await shared_connection.execute(change, {"annotations": annotations})).scalar_one()
        for annotations in ('{"a": 1}', '{"a": 1.0}', json.dumps({"a": 1}), '{"a":1}')
    ]
    assert versions == [2, 3, 4, 4]


@pytest.mark.usefixtures("task")
async def test_a_large_value_that_stays_is_no_change(shared_connection: AsyncConnection) -> None:
    """It lies outside of the row (TOAST), where only its address could be compared."""
    large = "".join(chr(0x4E00 + number % 7919) for number in range(10_000))
    first = await update(shared_connection, "description = :large", large=large)
    assert (await update(shared_connection, "description = :large, updated_by = :bob", large=large, bob=BOB)) == first
    assert (await update(shared_connection, "updated_by = :bob", bob=BOB)) == first


@pytest.mark.usefixtures("task")
async def test_a_function_of_the_same_name_earlier_in_the_search_path_does_not_mislead_the_trigger(
    shared_connection: AsyncConnection,
) -> None:
    before = await stored(shared_connection)
    body = "RETURNS timestamptz LANGUAGE sql RETURN '9000-01-01'::timestamptz"
    await shared_connection.execute(text("CREATE SCHEMA misleading"))
    await shared_connection.execute(text(f"CREATE FUNCTION misleading.clock_timestamp() {body}"))
    await shared_connection.execute(text("SET LOCAL search_path = misleading, pg_catalog, public"))
    after = await update(shared_connection, "title = 'two'")
    assert before.updated_at < after.updated_at
    assert after.updated_at.year < 9000


SEALED, RESEALED = b"a" * 40, b"b" * 40
SET_NUMBER = text("UPDATE users SET phone_number = :sealed, updated_by = :actor, display_name = :name RETURNING *")


async def set_number(connection: AsyncConnection, sealed: bytes, name: str = "Alice") -> Row[Any]:
    return (await connection.execute(SET_NUMBER, {"sealed": sealed, "actor": BOB, "name": name})).one()


@pytest.mark.usefixtures("task")
async def test_a_number_that_is_only_sealed_anew_is_no_change(shared_connection: AsyncConnection) -> None:
    before = await set_number(shared_connection, SEALED)
    await shared_connection.execute(text("SET LOCAL taxiway.resealing = 'on'"))
    after = await set_number(shared_connection, RESEALED)
    assert (before.version, after.version) == (2, 2)
    assert (after.updated_at, after.updated_by) == (before.updated_at, before.updated_by)
    assert after.phone_number == RESEALED


@pytest.mark.usefixtures("task")
@pytest.mark.parametrize(("state", "name"), [("off", "Alice"), ("on", "Bob")])
async def test_another_number_is_a_change_and_so_is_whatever_else_differs(
    shared_connection: AsyncConnection, state: str, name: str
) -> None:
    await set_number(shared_connection, SEALED)
    await shared_connection.execute(text(f"SET LOCAL taxiway.resealing = '{state}'"))
    assert (await set_number(shared_connection, RESEALED, name)).version == 3
