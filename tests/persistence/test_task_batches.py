"""Many tasks written in one statement."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.errors import UniqueViolation
from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import add_account, unit


@pytest.fixture
def uow(shared_connection: AsyncConnection) -> UnitOfWork:
    return unit(shared_connection)


def row(**columns: Any) -> dict[str, Any]:
    """A task to be made, with every column of a draft."""
    empty: dict[str, Any] = {
        "description": "",
        "due_at": None,
        "project_id": None,
        "parent_id": None,
        "tags": [],
        "metadata": {},
    }
    return {"id": uuid4(), "title": "Write the letter", "priority": "LOW", **empty, **columns}


async def test_tasks_are_made_with_all_that_was_given(uow: UnitOfWork) -> None:
    owner, due = await add_account(uow), datetime(2030, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
    above = row(
        due_at=due, tags=["at home", "b"], metadata={"a.b": [1, 0.1, None, 1e10 + 0.5, "\U0001f6eb"]}, priority="URGENT"
    )
    below = row(parent_id=above["id"], description='"quoted" \\ and\nbroken')
    made: Any = await uow.task_batches.add_many(owner, owner, [below, above])
    assert len(made) == 2
    for given in (above, below):
        found = made[given["id"]]
        assert {name: found._mapping[name] for name in given} == given
        assert (found.owner_id, found.created_by, found.updated_by) == (owner, owner, owner)
        assert (found.state, found.version, found.deleted_at) == ("OPEN", 1, None)


async def test_of_a_taken_id_nothing_is_made_and_nothing_is_changed(uow: UnitOfWork) -> None:
    owner, first, second = await add_account(uow), row(), row()
    await uow.task_batches.add_many(owner, owner, [first])
    made = await uow.task_batches.add_many(owner, owner, [second, {**first, "title": "Another"}])
    assert [*made] == [second["id"]]
    kept = await uow.tasks.get(owner, first["id"])
    assert kept is not None
    assert kept.title == first["title"]


async def test_an_import_of_a_taken_id_is_a_unique_violation(uow: UnitOfWork) -> None:
    owner, task = await add_account(uow), row()
    with pytest.raises(UniqueViolation):
        await uow.task_batches.import_many(owner, owner, [task, row(), task])


async def test_below_a_missing_or_deleted_owner_nothing_is_made(
    uow: UnitOfWork, shared_connection: AsyncConnection
) -> None:
    owner = await add_account(uow)
    assert not await uow.task_batches.add_many(uuid4(), owner, [row()])
    deleted = "UPDATE users SET deleted_at = now(), purge_at = now() WHERE id = :id"
    await shared_connection.execute(text(deleted), {"id": owner})
    assert not await uow.task_batches.add_many(owner, owner, [row()])
    assert await uow.task_batches.import_many(owner, owner, [row()]) == 0


async def test_an_import_takes_over_states_and_times(uow: UnitOfWork) -> None:
    owner, moment = await add_account(uow), datetime(2024, 5, 6, tzinfo=UTC)
    done = row(state="COMPLETED", start_at=moment, complete_at=moment)
    waiting = row(state="OPEN", start_at=None, complete_at=None)
    assert await uow.task_batches.import_many(owner, owner, [done, waiting]) == 2
    found: Any = await uow.tasks.get_many(owner, [done["id"], waiting["id"]])
    assert [(task.state, task.start_at, task.complete_at) for task in (found[done["id"]], found[waiting["id"]])] == [
        ("COMPLETED", moment, moment),
        ("OPEN", None, None),
    ]
