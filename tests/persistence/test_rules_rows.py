"""R4, R5, R6, R9 as the rows feel them: what the database refuses, whatever the service lets through."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import selectinload

from persistence import errors
from persistence.models import TaskRow, UserRow
from persistence.repositories.base import Guard, Moment
from tests.persistence.plans import sent_on
from tests.persistence.units import unit

PERSON: dict[str, object] = {"display_name": "", "time_zone": "UTC", "role": "USER"}
TASK: dict[str, object] = {"title": "one", "description": "", "priority": "LOW"}
DELETION = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}


async def person(connection: AsyncConnection, name: str) -> UUID:
    made = uuid4()
    keys = {"username": name, "username_key": name.lower(), "email": f"{name}@b", "email_key": f"{name.lower()}@b"}
    await unit(connection).users.add(made, made, {**PERSON, **keys})
    return made


async def test_two_living_accounts_share_neither_user_name_nor_mail_address(shared_connection: AsyncConnection) -> None:
    await person(shared_connection, "alice")
    savepoint = await shared_connection.begin_nested()
    with pytest.raises(errors.UniqueViolation) as refused:
        await person(shared_connection, "ALICE")
    assert refused.value.constraint in {"uq_users_username_key", "uq_users_email_key"}
    await savepoint.rollback()


async def test_a_deleted_account_leaves_its_place_and_finds_it_taken_on_return(
    shared_connection: AsyncConnection,
) -> None:
    users = unit(shared_connection).users
    first = await person(shared_connection, "alice")
    await users.change(first, first, DELETION, Guard())
    await person(shared_connection, "alice")
    with pytest.raises(errors.UniqueViolation):
        await users.change(first, first, {"deleted_at": None, "purge_at": None}, Guard(deleted=True))


async def test_an_account_with_tasks_cannot_be_removed(shared_connection: AsyncConnection) -> None:
    owner = await person(shared_connection, "alice")
    await unit(shared_connection).tasks.add(owner, uuid4(), owner, TASK)
    with pytest.raises(DBAPIError, match="fk_tasks_owner_id"):
        await shared_connection.execute(text("DELETE FROM users"))


async def test_an_actor_may_be_gone(shared_connection: AsyncConnection) -> None:
    owner = await person(shared_connection, "alice")
    assert await unit(shared_connection).tasks.add(owner, uuid4(), uuid4(), TASK) is not None


@pytest.mark.parametrize(
    ("table", "assignment", "constraint"),
    [
        ("tasks", "title = ''", "ck_tasks_title_length"),
        ("tasks", "title = repeat('\U0001f6eb', 201)", "ck_tasks_title_length"),
        ("tasks", "description = repeat('x', 10001)", "ck_tasks_description_length"),
        ("tasks", "due_at = 'infinity'", "ck_tasks_due_at_range"),
        ("tasks", "due_at = '10000-01-01'", "ck_tasks_due_at_range"),
        ("tasks", "due_at = '1969-12-31 23:59:59+00'", "ck_tasks_due_at_range"),
        ("tasks", "state = 'COMPLETED'", "ck_tasks_complete_at_state"),
        ("tasks", "deleted_at = now()", "ck_tasks_deletion_is_whole"),
        ("users", "username = repeat('x', 64)", "ck_users_username_length"),
        ("users", "annotations = '[]'", "ck_users_annotations_object"),
        ("users", "email = NULL, email_key = NULL", "ck_users_person_has_email"),
        ("users", "email_key = NULL", "ck_users_email_has_key"),
        ("users", "erased_at = now()", "ck_users_erased_is_deleted"),
    ],
)
async def test_a_value_out_of_bounds_is_refused_by_name(
    shared_connection: AsyncConnection, table: str, assignment: str, constraint: str
) -> None:
    owner = await person(shared_connection, "alice")
    await unit(shared_connection).tasks.add(owner, uuid4(), owner, TASK)
    with pytest.raises(DBAPIError, match=constraint):
        await shared_connection.execute(text(f"UPDATE {table} SET {assignment}"))


async def test_the_longest_title_counts_code_points(shared_connection: AsyncConnection) -> None:
    owner = await person(shared_connection, "alice")
    assert (
        await unit(shared_connection).tasks.add(owner, uuid4(), owner, {**TASK, "title": "\U0001f6eb" * 200})
        is not None
    )


async def test_the_compatibility_table_has_one_row(shared_connection: AsyncConnection) -> None:
    with pytest.raises(DBAPIError, match="pk_schema_compatibility"):
        await shared_connection.execute(text("INSERT INTO schema_compatibility (oldest_release) VALUES ('9.9.9')"))


async def test_relations_are_loaded_on_purpose_and_in_one_statement_for_all(shared_connection: AsyncConnection) -> None:
    """By accident they are not loaded at all: no N+1 can hide in a loop."""
    for name in ("alice", "bob", "carol"):
        owner = await person(shared_connection, name)
        await unit(shared_connection).tasks.add(owner, uuid4(), owner, TASK)
    async with AsyncSession(shared_connection) as session:
        with pytest.raises(InvalidRequestError, match="lazy='raise'"):
            _ = (await session.scalars(select(UserRow))).first().tasks  # type: ignore[union-attr]  # three were added
        with sent_on(shared_connection) as sent:
            loaded = (await session.scalars(select(UserRow).options(selectinload(UserRow.tasks)))).all()
        assert [len(user.tasks) for user in loaded] == [1, 1, 1]
        assert len(sent) == 2
        with pytest.raises(InvalidRequestError, match="lazy='raise'"):
            _ = (await session.scalars(select(TaskRow))).first().owner  # type: ignore[union-attr]  # see above
