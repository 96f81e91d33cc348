"""The search of tasks: whose it finds, in which order and pages, and with which marks."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Compare
from persistence.repositories.base import Guard, Moment
from persistence.repositories.task_search import HIT_BEGINS, HIT_ENDS, Place
from persistence.unit_of_work import UnitOfWork
from tests.persistence.searches import WIDE, add_tasks, found, titles
from tests.persistence.units import add_account, unit


@pytest.fixture
async def uow(shared_connection: AsyncConnection) -> UnitOfWork:
    return unit(shared_connection)


@pytest.fixture
async def owner(uow: UnitOfWork) -> UUID:
    return await add_account(uow)


async def test_titles_outweigh_descriptions_and_the_newest_comes_first_of_those_that_are_alike(
    uow: UnitOfWork, owner: UUID
) -> None:
    texts = [
        ("Old", "milk"),
        ("Milk", ""),
        ("New", "milk"),
        ("Much", "milk milk milk"),
        ("Milk again", ""),
        ("Tea", ""),
    ]
    await add_tasks(uow, owner, *texts)
    assert await titles(uow, owner, "milk") == ["Milk again", "Milk", "Much", "New", "Old"]


async def test_it_finds_living_tasks_of_the_owner_alone_those_that_the_condition_holds_of(
    uow: UnitOfWork, owner: UUID
) -> None:
    gone, _, other = await add_tasks(uow, owner, "milk gone", "milk here", "milk there")
    await uow.tasks.change((owner, gone), owner, {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}, Guard())
    await uow.tasks.change((owner, other), owner, {"priority": "HIGH"}, Guard())
    await add_tasks(uow, await add_account(uow, "another"), "milk of another")
    assert await titles(uow, owner, "milk") == ["milk there", "milk here"]
    assert await titles(uow, owner, "milk", condition=Compare("priority", "=", "HIGH")) == ["milk there"]
    assert not await titles(uow, owner, "tea", condition=Compare("priority", "=", "HIGH"))


async def test_what_an_index_finds_by_the_condition_is_searched_like_all_else(uow: UnitOfWork, owner: UUID) -> None:
    (parent,) = await add_tasks(uow, owner, "milk")
    _, _, gone = await add_tasks(uow, owner, "milk one", "tea", "milk gone", parent_id=parent)
    await uow.tasks.change((owner, gone), owner, {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}, Guard())
    within = Compare("parent_id", "=", parent)
    for words, title in (("milk", "milk one"), ("mil", "milk one"), ("-milk", "tea"), ('-"one milk" tea', "tea")):
        assert await titles(uow, owner, words, condition=within) == [title]


async def test_pages_go_on_where_the_one_before_ended_whatever_the_rank(uow: UnitOfWork, owner: UUID) -> None:
    """Ranks are of single precision: one that was cut or widened on its way would lose tasks or repeat them."""
    await add_tasks(uow, owner, *(("milk", "milk " * (place % 5)) for place in range(30)))
    whole = [row.id for row in await found(uow, owner, "milk")]
    walked: list[UUID] = []
    after = None
    while page := await found(uow, owner, "milk", limit=4, after=after):
        walked += [row.id for row in page]
        after = Place(page[-1].rank, page[-1].id)
    assert walked == whole
    assert len(set(whole)) == 30


async def test_a_page_ends_with_the_task_that_goes_beyond_its_size(uow: UnitOfWork, owner: UUID) -> None:
    await add_tasks(uow, owner, *(("milk", "é" * 500) for _ in range(5)))
    for size, tasks in ((1, 1), (1000, 1), (1001, 2), (2000, 2), (2001, 3), (WIDE, 5)):
        assert len(await found(uow, owner, "milk", size=size)) == tasks


async def test_the_hits_are_marked_and_nothing_else(uow: UnitOfWork, owner: UUID) -> None:
    await add_tasks(uow, owner, ("Buy\x01 milk\x02", "<b>Milky</b> way & bread; mil, &amp; milk@example.com"))
    (row,) = await found(uow, owner, "buy -tea mil")
    shown = [
        marked.replace(HIT_BEGINS, "[").replace(HIT_ENDS, "]") for marked in (row.marked_title, row.marked_description)
    ]
    assert shown == ["[Buy]  [milk] ", "<b>[Milky]</b> way & bread; [mil], &amp; [milk@example.com]"]
