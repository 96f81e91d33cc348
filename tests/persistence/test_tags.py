"""Tags and the tasks that have them as rows: what is done to all of them at once, and by which index."""

import unicodedata
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.errors import UniqueViolation
from persistence.repositories.tags import NewTag
from persistence.unit_of_work import UnitOfWork
from service.fields import tag_key
from tests.conftest import Databases
from tests.persistence.grouped import OWNER, ROWS, Query, add_task, goes_through_indexes_of_the_owner, numbered
from tests.persistence.plans import sent_on
from tests.persistence.units import add_account, unit


@pytest.fixture
def uow(shared_connection: AsyncConnection) -> UnitOfWork:
    return unit(shared_connection)


def new(word: str) -> NewTag:
    return NewTag(uuid4(), word, word.upper())


async def tags_of(uow: UnitOfWork, owner: UUID) -> dict[str, UUID]:
    return {row.key: row.id for row in await uow.tags.page(owner, None, 1000)}


@given(st.text(max_size=12))
@settings(max_examples=300, derandomize=True)
def test_a_key_is_its_own_key(word: str) -> None:
    """So a task that is read and sent again keeps its tags; and however a word is composed, its key is the same."""
    key = tag_key(word)
    assert tag_key(key) == key
    assert tag_key(unicodedata.normalize("NFD", word)) == key


async def test_tags_are_made_once_as_they_were_written_first(uow: UnitOfWork) -> None:
    owner = await add_account(uow)
    assert await uow.tags.hold(owner, owner, [new("a"), new("b")])
    first = await tags_of(uow, owner)
    again = [NewTag(uuid4(), "a", "other"), new("c")]
    assert await uow.tags.hold(owner, owner, again)
    rows = await uow.tags.page(owner, None, 10)
    assert [(row.key, row.display_name) for row in rows] == [("a", "A"), ("b", "B"), ("c", "C")]
    assert {row.key: row.id for row in rows[:2]} == first
    assert not await uow.tags.hold(uuid4(), owner, [new("a")]), "there is no such owner"


async def test_what_is_written_notes_whose_it_is(shared_connection: AsyncConnection) -> None:
    owner = await add_account(unit(shared_connection))
    held, changed, renamed, removed, deleted = (unit(shared_connection) for _ in range(5))
    await held.tags.hold(owner, owner, [new("a")])
    key = (owner, (await tags_of(held, owner))["a"])
    await changed.tags.change(key, owner, {"color": "#000000"})
    await renamed.tagged_tasks.rename(owner, "a", "b", owner)
    await removed.tagged_tasks.remove(owner, "a", owner)
    await deleted.tags.delete(key)
    for uow in (held, changed, renamed, removed, deleted):
        assert uow.requests._owners == {owner}


async def test_a_rename_takes_two_statements_whatever_the_number_of_tasks(
    uow: UnitOfWork, shared_connection: AsyncConnection
) -> None:
    owner, other = await add_account(uow), await add_account(uow, "other")
    for count in (1, 9):
        for _ in range(count):
            await add_task(uow, owner, tags=["a", "m", "z"])
        of_other = await add_task(uow, other, tags=["m"])
        with sent_on(shared_connection) as sent:
            assert await uow.tagged_tasks.rename(owner, "m", "b" if count == 1 else "zz", owner) == count
        assert len(sent) == 2
        kept = (await uow.tasks.get_many(other, [of_other]))[of_other]
        assert (kept.tags, kept.version) == (["m"], 1)
    found = await shared_connection.execute(
        text("SELECT tags, version, count(*) FROM tasks WHERE owner_id = :owner GROUP BY tags, version ORDER BY tags"),
        {"owner": owner},
    )
    assert [tuple(row) for row in found] == [(["a", "b", "z"], 2, 1), (["a", "z", "zz"], 2, 9)]


async def test_a_rename_to_a_word_that_a_task_has_leaves_it_there_once(uow: UnitOfWork) -> None:
    owner = await add_account(uow)
    task = await add_task(uow, owner, tags=["a", "b", "\U0001f6eb"])
    await uow.tagged_tasks.rename(owner, "a", "b", owner)
    assert (await uow.tasks.get_many(owner, [task]))[task].tags == ["b", "\U0001f6eb"]
    await uow.tagged_tasks.rename(owner, "b", "\uffff", owner)
    assert (await uow.tasks.get_many(owner, [task]))[task].tags == ["\uffff", "\U0001f6eb"], "in order of code points"


async def test_the_key_of_another_tag_is_taken(uow: UnitOfWork, shared_connection: AsyncConnection) -> None:
    owner = await add_account(uow)
    await uow.tags.hold(owner, owner, [new("a"), new("b")])
    savepoint = await shared_connection.begin_nested()
    with pytest.raises(UniqueViolation):
        await uow.tags.change((owner, (await tags_of(uow, owner))["a"]), owner, {"key": "b"})
    await savepoint.rollback()


async def test_a_list_takes_one_statement_for_a_thousand_tags_as_for_one(
    uow: UnitOfWork, shared_connection: AsyncConnection
) -> None:
    """However they are counted, the numbers are the same."""
    owner = await add_account(uow)
    words = [f"w{number:03}" for number in range(1000)]
    await uow.tags.hold(owner, owner, [new(word) for word in words])
    for number in range(40):
        await add_task(uow, owner, tags=words[number : number + 10])
    counts = []
    for size in (1, 50, 100, 101, 1000):
        with sent_on(shared_connection) as sent:
            rows = await uow.tags.page(owner, None, size)
        assert (len(rows), len(sent)) == (size, 1)
        counts.append([row.task_count for row in rows])
        behind = await uow.tags.page(owner, "w000", size)
        assert [row.task_count for row in behind][: size - 1] == counts[-1][1:]
    assert all(longer[: len(shorter)] == shorter for shorter, longer in pairwise(counts))
    assert counts[-1][:12] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]
    assert sum(counts[-1]) == 400


KEY = (OWNER, numbered(1))
QUERIES: dict[str, Query] = {
    "get": (lambda uow: uow.tags.get(KEY), 2 * ROWS),
    "get locked": (lambda uow: uow.tags.get_locked(KEY), 2),
    "change": (lambda uow: uow.tags.change(KEY, OWNER, {"color": "#000000"}), 2 * ROWS),
    "delete": (lambda uow: uow.tags.delete(KEY), 1),
    "page": (lambda uow: uow.tags.page(OWNER, "w2", 5), 5 * 2 * ROWS),
    "page of many": (lambda uow: uow.tags.page(OWNER, None, 1000), 4 * ROWS),
    "rename": (lambda uow: uow.tagged_tasks.rename(OWNER, "w3", "w", OWNER), 3 * ROWS),
    "remove": (lambda uow: uow.tagged_tasks.remove(OWNER, "w3", OWNER), 3 * ROWS),
}


async def test_every_statement_goes_through_an_index_of_the_owner(databases: Databases, migrated_template: str) -> None:
    async with databases(template=migrated_template) as url:
        await goes_through_indexes_of_the_owner(url, QUERIES)
