"""Projects and their tasks as rows: what is done to all of a tree at once, in how many statements, by which index."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Compare
from persistence.errors import UniqueViolation
from persistence.paging import PageQuery
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from tests.conftest import Databases
from tests.persistence.grouped import (
    OWNER,
    PROJECTS,
    ROWS,
    Query,
    add_project,
    add_task,
    goes_through_indexes_of_the_owner,
    numbered,
)
from tests.persistence.plans import sent_on
from tests.persistence.units import add_account, unit

DELETED = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}


@pytest.fixture
def uow(shared_connection: AsyncConnection) -> UnitOfWork:
    return unit(shared_connection)


async def gone(uow: UnitOfWork, owner: UUID, project: UUID) -> datetime:
    """When the project was deleted, with its tasks."""
    row = await uow.projects.change((owner, project), owner, DELETED, Guard())
    await uow.project_trees.delete(owner, project, owner)
    assert row is not None
    moment: datetime = row.deleted_at
    return moment


async def test_a_project_is_of_one_owner_who_lives(uow: UnitOfWork, shared_connection: AsyncConnection) -> None:
    owner, other = await add_account(uow), await add_account(uow, "other")
    project = await add_project(uow, owner)
    assert await uow.projects.get(other, project) is None
    assert await uow.projects.change((other, project), other, {"archived": True}, Guard()) is None
    assert await uow.projects.hold(other, [project]) == set()
    columns = {"display_name": "Garden", "description": ""}
    assert await uow.projects.add((uuid4(), uuid4()), owner, columns) is None
    savepoint = await shared_connection.begin_nested()
    with pytest.raises(UniqueViolation):
        await uow.projects.add((owner, project), owner, columns)
    await savepoint.rollback()
    await shared_connection.execute(text("UPDATE users SET deleted_at = now(), purge_at = now()"))
    assert await uow.projects.add((owner, uuid4()), owner, columns) is None
    assert await uow.projects.change((owner, project), owner, {"archived": True}, Guard()) is None


async def test_what_is_written_notes_whose_it_is(shared_connection: AsyncConnection) -> None:
    owner = await add_account(unit(shared_connection))
    made = unit(shared_connection)
    project = await add_project(made, owner)
    changed, deleted, released = (unit(shared_connection) for _ in range(3))
    await changed.projects.change((owner, project), owner, {"archived": True}, Guard())
    await deleted.project_trees.delete(owner, project, owner)
    await released.project_trees.release(owner, project, owner)
    for uow in (made, changed, deleted, released):
        assert uow.requests._owners == {owner}


async def test_a_tree_goes_eight_levels_down_and_comes_back(uow: UnitOfWork) -> None:
    owner = await add_account(uow)
    project = await add_project(uow, owner)
    tree = [await add_task(uow, owner, project_id=project)]
    for _ in range(7):
        tree.append(await add_task(uow, owner, parent_id=tree[-1]))
    apart = await add_task(uow, owner)
    moment = await gone(uow, owner, project)
    rows = await uow.tasks.get_many(owner, [*tree, apart])
    assert [rows[key].deleted_at for key in tree] == [moment] * 8
    assert len({rows[key].purge_at for key in tree}) == 1
    assert rows[apart].deleted_at is None
    assert await uow.project_trees.misplaced(owner, project, moment) is None
    assert await uow.project_trees.undelete(owner, project, moment, owner) == 8
    rows = await uow.tasks.get_many(owner, tree)
    assert all(row.deleted_at is None and row.purge_at is None for row in rows.values())


async def test_another_moment_brings_nothing_back(uow: UnitOfWork) -> None:
    owner = await add_account(uow)
    project = await add_project(uow, owner)
    await add_task(uow, owner, project_id=project)
    await gone(uow, owner, project)
    assert await uow.project_trees.undelete(owner, project, datetime.now(UTC), owner) == 0


async def test_a_list_takes_one_statement_for_a_thousand_projects_as_for_one(
    uow: UnitOfWork, shared_connection: AsyncConnection
) -> None:
    few, many = await add_account(uow), await add_account(uow, "many")
    await add_project(uow, few)
    await shared_connection.execute(
        text("""INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by)
            SELECT :owner, gen_random_uuid(), 'p', '', :owner, :owner FROM generate_series(1, 1000)"""),
        {"owner": many},
    )
    for condition in (None, Compare("archived", "=", False)):
        for owner, size in ((few, 1), (many, 1000)):
            with sent_on(shared_connection) as sent:
                page = await uow.projects.page(owner, PageQuery(limit=1001, condition=condition))
            assert (len(page.rows), len(sent)) == (size, 1)


EACH = 9 * ROWS // 10 // PROJECTS + ROWS // 100  # of the owner's tasks, at the most so many are of a project
MOMENT = datetime(2024, 1, 1, tzinfo=UTC)
QUERIES: dict[str, Query] = {
    "get": (lambda uow: uow.projects.get(OWNER, numbered(1)), EACH + 1),
    "change": (lambda uow: uow.projects.change((OWNER, numbered(1)), OWNER, {"archived": True}, Guard()), EACH + 2),
    "standing": (lambda uow: uow.projects.get_standing(OWNER, numbered(1)), 2),
    "hold": (lambda uow: uow.projects.hold(OWNER, [numbered(1)]), 1),
    "page": (lambda uow: uow.projects.page(OWNER, PageQuery(limit=5)), 5 * (EACH + 2)),
    "page with the deleted": (lambda uow: uow.projects.page(OWNER, PageQuery(limit=5, deleted=True)), 5 * (EACH + 2)),
    "release": (lambda uow: uow.project_trees.release(OWNER, numbered(1), OWNER), 4 * EACH),
    "misplaced": (lambda uow: uow.project_trees.misplaced(OWNER, numbered(1), MOMENT), 2 * EACH),
    "undelete": (lambda uow: uow.project_trees.undelete(OWNER, numbered(1), MOMENT, OWNER), 2 * EACH),
}


async def test_every_statement_goes_through_an_index_of_the_owner(databases: Databases, migrated_template: str) -> None:
    async with databases(template=migrated_template) as url:
        await goes_through_indexes_of_the_owner(url, QUERIES)
