"""What a text finds, which is what its words say; and no text is a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.task_search import HIT_BEGINS, HIT_ENDS
from persistence.unit_of_work import UnitOfWork
from tests.persistence.searches import add_tasks, found, titles
from tests.persistence.units import add_account, unit

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
