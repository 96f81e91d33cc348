"""Each example of docs/searching.md finds what it says, and does not find what it says it does not."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.search_candidates import CANDIDATES, LOOKED_UP
from persistence.repositories.task_search import SearchQuery
from service.identifiers import new_id
from service.tasks.searching import MOST_FOUND, last_word, without_schemes
from service.tasks.snippets import LONGEST
from tests.docs.markdown import ROOT, table
from tests.persistence.units import add_account, unit

TEXT = (ROOT / "docs/searching.md").read_text()
EXAMPLES = table(TEXT, "query")


async def test_the_examples_find_what_they_say(shared_connection: AsyncConnection) -> None:
    assert len(EXAMPLES) >= 10
    uow = unit(shared_connection)
    for place, (query, *titles) in enumerate(EXAMPLES):
        owner = await add_account(uow, f"robot-{place}")
        for title in titles:
            await uow.tasks.add(owner, new_id(), owner, {"title": title, "description": "", "priority": "LOW"})
        text = without_schemes(query)
        rows = await uow.task_search.page(owner, SearchQuery(text, last_word(text), limit=9, size=1 << 20))
        assert [row.title for row in rows] == titles[:1], query


def test_the_limits_are_those_that_it_names() -> None:
    for limit in (
        f"{CANDIDATES:,} are looked at",
        f"fewer than {LOOKED_UP:,}",
        f"{CANDIDATES - LOOKED_UP:,} of those",
        f"answers {MOST_FOUND:,} tasks",
        f"some {LONGEST} code points",
    ):
        assert limit in TEXT.replace("\n  ", " ")
