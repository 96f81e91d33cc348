"""The search against the database: what a text finds, that none is a fault, in which order, and with which marks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Compare
from persistence.repositories.base import Guard, Moment
from persistence.repositories.task_search import HIT_BEGINS, HIT_ENDS, Place, SearchQuery
from persistence.unit_of_work import UnitOfWork
from service.identifiers import new_id
from service.tasks.searching import last_word
from tests.persistence.units import add_account, unit

WIDE = 1 << 20
FRAGMENTS = [
    "a",
    "b",
    "or",
    "OR",
    "and",
    "-",
    "--",
    '"',
    " ",
    " ",
    "'",
    "\\",
    ":*",
    "&",
    "|",
    "!",
    "(",
    ")",
    "<->",
    "<2>",
]
FRAGMENTS += [
    "milk",
    "mil",
    "well-known",
    "a@b.co",
    "http://b.co/a?x=1&y",
    "1.5",
    "-12",
    "<b>",
    "&amp;",
    "%",
    "_",
    "~/",
]
FRAGMENTS += [
    "日本語",
    "😀",
    "é",
    "\u0301",
    "\u200b",
    "\u00a0",
    "\u2028",
    "\x01",
    "\x02",
    "\n",
    "; DROP TABLE tasks; --",
]
NONSENSE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200),
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(lambda pieces: "".join(pieces)[:200]),
)
VOCABULARY = ["a", "b", "abc", "abcd", "a-b", "or", "-a", '"a b"', '-"b a"', '"abc', "-", "(", "--b"]
QUESTIONS = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join)
DOCUMENTS = ["a", "b", "abc", "abcd", "a b", "b a", "a abc", "b abcd", "a-b", "a b abc", "abcd a", "abc b a", "x"]
FINDS = [
    ("Buy milk", "MILK"),
    ("Buy milk and bread", "bread milk"),
    ("Buy milk", "bread or milk"),
    ("Buy milk", "milk -bread"),
    ("Buy milk", "-bread"),
    ("Buy milk", "bread or -beer"),
    ("Buy bread and milk", '"bread and" milk'),
    ("Buy milk", '-"milk buy" milk'),
    ("Buy milk", '"buy milk'),
    ("Buy milk", "buy mil"),
    ("Buy milk", "bread or mil"),
    ("Read the well-known book", "well-known"),
    ("Read the well-known book", "well-kno"),
    ("Read the well-known book", "known well"),
    ("Ask O'Reilly", "o'reilly"),
    ("Ask O'Reilly", "O'Reil"),
    ("Don't", "don't"),
    ("Write to ann@example.com", "ann@example.com"),
    ("Write to ann@example.com", "ann@exa"),
    ("Read https://example.com/a/b", "example.com/a/b"),
    ("Read https://example.com/a/b", "example.com"),
    ("Read https://example.com/a/bee", "example.com/a/bee"),
    ("Send report.pdf", "report.pdf"),
    ("Party 🎉 today", "🎉"),
    ("Party 🎉 today", "party 🎉"),
    ("日本語のテスト", "日本語"),
    ("İstanbul", "istan"),
    ("हिन्दी सीखना", "सीख"),
    ("Fix C:\\temp\\file", "c:\\temp\\file"),
    ("Fix C:\\temp\\file", "temp\\fil"),
    ("Drop table tasks", "'; DROP TABLE tasks; -- table"),
    ("It costs 100 % more", "100%"),
    ("A\u00a0friend", "a\u00a0friend"),
    ("w " * 99, "w " * 99),
]
FINDS_NOT = [
    ("Buy milk", "milk bread"),
    ("Buy milk", "ilk"),
    ("Buy milk", "mi"),
    ("Buy milk", "mil buy"),
    ("Buy milk", '"mil'),
    ("Buy milk", '"buy mil"'),
    ("Buy milk", '"milk buy"'),
    ("Buy milk", "buy -milk"),
    ("Buy milk", "mil:*"),
    ("Buy milk", "milk or"),
    ("Buy milk", "..."),
    ("Buy milk", '"'),
    ("Buy milk", "-"),
    ("Buy milk", "' \" \\ & | ! ( ) < >"),
    ("Buy milk", " "),
    ("Buy milk", '-"milk"'),
]
EXCLUDES = ["-mil", "- mil", "-- - mil", "x -(mil", 'x -"mil', "x - ! & mil"]


def asked(words: str, **further: Any) -> SearchQuery:
    return replace(SearchQuery(words, last_word(words), limit=WIDE, size=WIDE), **further)


async def add_tasks(uow: UnitOfWork, owner: UUID, *texts: str | tuple[str, str]) -> list[UUID]:
    """Tasks of these titles, or titles and descriptions."""
    pairs = [(each, "") if isinstance(each, str) else each for each in texts]
    ids = [new_id() for _ in pairs]
    for task_id, (title, description) in zip(ids, pairs, strict=True):
        columns = {"title": title, "description": description, "priority": "LOW"}
        await uow.tasks.add(owner, task_id, owner, columns)
    return ids


async def found(uow: UnitOfWork, owner: UUID, words: str, **further: Any) -> Sequence[Row[Any]]:
    return await uow.task_search.page(owner, asked(words, **further))


async def titles(uow: UnitOfWork, owner: UUID, words: str, **further: Any) -> list[str]:
    return [row.title for row in await found(uow, owner, words, **further)]


@pytest.fixture
async def uow(shared_connection: AsyncConnection) -> UnitOfWork:
    return unit(shared_connection)


@pytest.fixture
async def owner(uow: UnitOfWork) -> UUID:
    return await add_account(uow)


async def test_a_text_finds_what_it_should_and_nothing_else(uow: UnitOfWork, owner: UUID) -> None:
    for place, (title, words) in enumerate(FINDS):
        other = await add_account(uow, f"robot-{place}")
        await add_tasks(uow, other, title)
        assert await titles(uow, other, words) == [title], words
    for place, (title, words) in enumerate(FINDS_NOT):
        other = await add_account(uow, f"other-{place}")
        await add_tasks(uow, other, title)
        assert not await titles(uow, other, words), words
    await add_tasks(uow, owner, "x milk")
    for words in EXCLUDES:
        assert len(await found(uow, owner, words)) == ("milk" not in words), "an excluded word is none's beginning"


async def each(strategy: st.SearchStrategy[str], cases: int, see: Callable[[str], Awaitable[None]]) -> None:
    """The same cases in every run; they are drawn in a thread of their own and seen on the loop."""
    loop = asyncio.get_running_loop()
    health = list(HealthCheck)

    @settings(max_examples=cases, derandomize=True, database=None, deadline=None, suppress_health_check=health)
    @given(strategy)
    def draw(words: str) -> None:
        asyncio.run_coroutine_threadsafe(_seen(see(words)), loop).result(timeout=60)

    await asyncio.to_thread(draw)


async def _seen(awaited: Awaitable[None]) -> None:
    await awaited


@pytest.mark.timeout(600)
@pytest.mark.parametrize("cases", [150, pytest.param(5_000, marks=pytest.mark.prove)])
async def test_no_text_is_a_fault(uow: UnitOfWork, owner: UUID, cases: int) -> None:
    await add_tasks(uow, owner, *DOCUMENTS, "milk or well-known", "日本語 😀 é", "http://b.co/a?x=1&y a@b.co <b> 1.5")

    async def see(words: str) -> None:
        for row in await found(uow, owner, words):
            marked = row.marked_title.replace(HIT_BEGINS, "").replace(HIT_ENDS, "")
            assert marked == row.title, "all of the text is there"

    await each(NONSENSE, cases, see)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("cases", [150, pytest.param(5_000, marks=pytest.mark.prove)])
async def test_it_finds_what_the_words_say_and_what_goes_on_as_the_last_one(
    uow: UnitOfWork, owner: UUID, shared_connection: AsyncConnection, cases: int
) -> None:
    """As PostgreSQL finds it without an index; the last word of an inner one is never a beginning."""
    await add_tasks(uow, owner, *DOCUMENTS)
    said = "SELECT title FROM tasks WHERE owner_id = :owner AND search @@ (websearch_to_tsquery('simple', :words))"

    async def see(words: str) -> None:
        exact = {title for (title,) in await shared_connection.execute(text(said), {"owner": owner, "words": words})}
        assert set(await titles(uow, owner, words, last_word="")) == exact
        begun = set(await titles(uow, owner, words))
        assert exact <= begun
        assert begun == exact or words.endswith("abc")

    await each(QUESTIONS, cases, see)


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
