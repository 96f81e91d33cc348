"""What is read or looked up across accounts: tasks by id, accounts by certificate, and places that are taken."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from persistence.errors import LockTimeout
from persistence.opening import Release, open_database
from persistence.repositories.base import Guard, Moment
from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import add_account, unit

TASK: dict[str, object] = {"title": "one", "description": "", "priority": "LOW"}
DELETION = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}


async def test_tasks_of_all_owners_are_paged_by_id_and_owner(shared_connection: AsyncConnection) -> None:
    """Two owners may have a task of one id: a page that ends between them goes on with the other.

    Without the indexes, whose order would stand in for the one that is asked for.
    """
    for kind in ("indexscan", "bitmapscan"):
        await shared_connection.execute(text(f"SET LOCAL enable_{kind} = off"))
    uow = unit(shared_connection)
    owners = [await add_account(uow, f"robot{number}") for number in range(8)]
    same = uuid4()
    keys = [(same, owner) for owner in owners] + [(uuid4(), owner) for owner in owners]
    for task_id, owner in keys:
        await uow.tasks.add(owner, task_id, owner, TASK)
    for size in (1, 2, 100):
        found: list[tuple[UUID, UUID]] = []
        while rows := (await uow.task_pages.page_across(found[-1] if found else None, size, deleted=False)).rows:
            found += [(row.id, row.owner_id) for row in rows]
        assert found == sorted(keys, reverse=True)


async def test_deleted_tasks_are_listed_only_where_they_are_asked_for(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    owner, gone, stays = await add_account(uow), uuid4(), uuid4()
    for task_id in (gone, stays):
        await uow.tasks.add(owner, task_id, owner, TASK)
    await uow.tasks.change((owner, gone), owner, DELETION, Guard())
    assert [row.id for row in (await uow.task_pages.page_across(None, 9, deleted=False)).rows] == [stays]
    assert {row.id for row in (await uow.task_pages.page_across(None, 9, deleted=True)).rows} == {gone, stays}


async def test_a_task_is_found_without_its_owner_and_two_of_one_id_show(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    owners = [await add_account(uow, f"robot{number}") for number in range(3)]
    task_id = uuid4()
    assert await uow.tasks.find_across(task_id) == []
    for count, owner in enumerate(owners, start=1):
        await uow.tasks.add(owner, task_id, owner, TASK)
        assert len(await uow.tasks.find_across(task_id)) == min(count, 2)


async def test_a_service_is_found_by_any_of_its_certificates_while_it_lives(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    robot = await add_account(uow, certificate_uris=["spiffe://a/b", "spiffe://a/c"])
    await add_account(uow, "other", certificate_uris=["spiffe://a/d"])
    for uris in (["spiffe://a/c"], ["urn:x:y", "spiffe://a/b"]):
        assert [row.id for row in await uow.users.find_by_certificate(uris)] == [robot]
    assert len(await uow.users.find_by_certificate(["spiffe://a/b", "spiffe://a/d"])) == 2
    for uris in ([], ["spiffe://a"], ["SPIFFE://A/B"]):
        assert await uow.users.find_by_certificate(uris) == []
    await uow.users.change(robot, robot, DELETION, Guard())
    assert await uow.users.find_by_certificate(["spiffe://a/b"]) == []


async def test_places_that_are_taken_are_told_by_field(shared_connection: AsyncConnection) -> None:
    """The id of a deleted account is taken for good, its mail address and user name are not."""
    uow = unit(shared_connection)
    alice, gone = await add_account(uow, "alice", role="USER"), await add_account(uow, "gone", role="USER")
    await uow.users.change(gone, gone, DELETION, Guard())
    keys = ["alice", "gone", "new"]
    found = await uow.users.find_holders([alice, gone, uuid4()], [f"{key}@b" for key in keys], keys)
    assert set(found) == {("id", alice), ("id", gone), ("email", "alice@b"), ("username", "alice")}
    assert await uow.users.find_holders([], [], []) == []


async def test_who_writes_certificates_waits_for_the_one_before(database_url: str) -> None:
    async with open_database(database_url, [bytes(32)], Release("0.1.0", migrations.head()), purging=False) as database:
        locked, free = asyncio.Event(), asyncio.Event()

        async def hold(uow: UnitOfWork, _caller: None, _command: None) -> None:
            await uow.users.lock_certificates()
            locked.set()
            await free.wait()

        async def lock(uow: UnitOfWork, _caller: None, _command: None) -> None:
            await uow.users.lock_certificates()

        holder = asyncio.create_task(database.change(hold, None, None))
        await locked.wait()
        with pytest.raises(LockTimeout):
            await database.change(lock, None, None)
        free.set()
        await holder
        await database.change(lock, None, None)
