"""R4, R5, R6, R9 as the rows feel them: what the database refuses, whatever the service lets through."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import Uuid, bindparam, select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import selectinload

from persistence import errors
from persistence.models import ProjectRow, TaskRow, UserRow
from persistence.repositories.base import Guard, Moment, change
from tests.persistence.plans import sent_on
from tests.persistence.units import unit

PERSON: dict[str, object] = {"display_name": "", "time_zone": "UTC", "role": "USER"}
TASK: dict[str, object] = {"title": "one", "description": "", "priority": "LOW"}
GROUPS = (
    "INSERT INTO owner_positions (owner_id) VALUES (:owner)",
    "INSERT INTO tags (owner_id, id, key, display_name, created_by, updated_by)"
    " VALUES (:owner, gen_random_uuid(), 'garden', 'Garden', :owner, :owner)",
    "INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by)"
    " VALUES (:owner, gen_random_uuid(), 'House', '', :owner, :owner)",
)
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


async def test_two_tags_of_an_owner_share_no_key_and_those_of_two_owners_may(
    shared_connection: AsyncConnection,
) -> None:
    tag, owners = text(GROUPS[1]), [await person(shared_connection, name) for name in ("alice", "bob")]
    for owner in owners:
        await shared_connection.execute(tag, {"owner": owner})
    with pytest.raises(DBAPIError, match="uq_tags_owner_id_key"):
        await shared_connection.execute(tag, {"owner": owners[0]})


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
        ("tasks", "parent_id = id", "ck_tasks_parent_is_another"),
        ("tasks", "parent_id = owner_id", "fk_tasks_owner_id_parent_id"),
        ("tasks", "project_id = id", "fk_tasks_owner_id_project_id"),
        ("tasks", "tags = array_fill('a'::text, '{51}')", "ck_tasks_tags_size"),
        ("tasks", "tags = '{a, NULL}'", "ck_tasks_tags_size"),
        ("tasks", "tags = ARRAY[repeat('x', 12001)]", "ck_tasks_tags_size"),
        ("tasks", "metadata = '[]'", "ck_tasks_metadata_object"),
        ("tasks", "metadata = jsonb_build_object('a', repeat('x', 131072))", "ck_tasks_metadata_size"),
        ("projects", "display_name = ''", "ck_projects_display_name_length"),
        ("projects", "description = repeat('x', 10001)", "ck_projects_description_length"),
        ("projects", "color = '#3b82f6'", "ck_projects_color_form"),
        ("projects", "color = '#3B82F6' || chr(10)", "ck_projects_color_form"),
        ("projects", "purge_at = now()", "ck_projects_deletion_is_whole"),
        ("projects", "owner_id = id", "fk_projects_owner_id"),
        ("tags", "key = ''", "ck_tags_key_length"),
        ("tags", "display_name = repeat('x', 61)", "ck_tags_display_name_length"),
        ("tags", "color = 'blue'", "ck_tags_color_form"),
        ("tags", "owner_id = id", "fk_tags_owner_id"),
        ("owner_positions", "position = -1", "ck_owner_positions_position_range"),
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
    for statement in GROUPS:
        await shared_connection.execute(text(statement), {"owner": owner})
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


async def test_what_the_database_computes_for_its_indexes_is_not_answered(shared_connection: AsyncConnection) -> None:
    owner, task = await person(shared_connection, "alice"), uuid4()
    tasks, table = unit(shared_connection).tasks, TaskRow.metadata.tables["tasks"]
    added = await tasks.add(owner, task, owner, TASK)
    changing, values = change(table, {"owner_id": owner, "id": task}, {"title": "two"}, Guard(), None)
    changed = (await shared_connection.execute(changing, values)).one()
    for row in (added, changed, await tasks.get(owner, task)):
        assert row is not None
        assert set(table.columns.keys()) - set(row._fields) == {"search"}


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


async def test_a_tree_and_its_project_are_found_from_both_ends(shared_connection: AsyncConnection) -> None:
    owner, tasks = await person(shared_connection, "alice"), unit(shared_connection).tasks
    root, part = uuid4(), uuid4()
    for task in (root, part):
        await tasks.add(owner, task, owner, TASK)
    await shared_connection.execute(text(GROUPS[2]), {"owner": owner})
    grouping = text("UPDATE tasks SET project_id = p.id, parent_id = nullif(:root, tasks.id) FROM projects p")
    await shared_connection.execute(grouping.bindparams(bindparam("root", type_=Uuid)), {"root": root})
    async with AsyncSession(shared_connection) as session:
        ends = (selectinload(TaskRow.parent), selectinload(TaskRow.children), selectinload(TaskRow.project))
        found = {task.id: task for task in await session.scalars(select(TaskRow).options(*ends))}
        project = (await session.scalars(select(ProjectRow).options(selectinload(ProjectRow.tasks)))).one()
    assert (found[root].parent, found[root].children) == (None, [found[part]])
    assert (found[part].parent, found[part].children) == (found[root], [])
    assert {task.project for task in found.values()} == {project}
    assert set(project.tasks) == set(found.values())
