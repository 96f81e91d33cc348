"""However many tasks have the words, a search looks at 10,000 of them, and at the words of their owner alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine
from persistence.conditions import Holds
from persistence.repositories.task_search import SearchQuery, TaskSearch
from persistence.url import parse
from tests.conftest import Databases
from tests.persistence.plan_queries import FILL, OWNER, identifier, names
from tests.persistence.plan_queries_search import search_queries
from tests.persistence.plans import sent_on

ROWS = [13_000, pytest.param(100_000, marks=pytest.mark.prove)]
REMOVED = ("Rows Removed by Filter", "Rows Removed by Index Recheck")


@pytest.fixture(scope="module", params=ROWS)
async def filled(
    request: pytest.FixtureRequest, databases: Databases, migrated_template: str
) -> AsyncIterator[AsyncConnection]:
    async with databases(template=migrated_template) as url:
        single = engine.single(parse(url))
        async with single.connect() as connection:
            for table in ("users", "tasks"):
                await connection.execute(text(FILL[table].format(**names())), {"rows": request.param})
            await connection.commit()
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
                text("VACUUM ANALYZE tasks")
            )
            yield connection
        await single.dispose()


async def scans(connection: AsyncConnection, run: Callable[[], Awaitable[object]]) -> list[dict[str, Any]]:
    """What the statement of a search reads tables and indexes by, those parts left out that are not executed."""
    with sent_on(connection) as sent:
        await run()
    ((statement, parameters),) = sent
    explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
    answer = explained.scalar_one()
    nodes = [(json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", ())
    return [node for node in nodes if ("Index Name" in node or "Relation Name" in node) and node["Actual Loops"]]


async def test_a_search_looks_at_ten_thousand_tasks_through_an_index_of_the_owner(filled: AsyncConnection) -> None:
    most = 0
    for name, (run, limit) in search_queries(filled, 0).items():
        seen = await scans(filled, run)
        of_index = {node["Index Name"]: node["Index Cond"] for node in seen if "Index Name" in node}
        assert of_index, name
        assert all(condition.strip("(").startswith("owner_id = ") for condition in of_index.values()), (name, of_index)
        assert not [node for node in seen if node["Node Type"] == "Seq Scan"], name
        looked_at = [node for node in seen if "Relation Name" in node]
        rows = sum(node["Actual Rows"] + sum(node.get(removed, 0) for removed in REMOVED) for node in looked_at)
        assert rows <= limit, (name, rows)
        most = max(most, rows)
    assert most == limit, "there are more tasks than that"


async def test_a_search_by_excluded_words_does_not_read_the_words_of_all(filled: AsyncConnection) -> None:
    """A GIN index that is asked for what a row does not have is read from one end to the other."""
    seen = await scans(filled, search_queries(filled, 0)["search by excluded word"][0])
    read = [node for node in seen if "search" in node.get("Index Name", "")]
    assert sum(node["Shared Hit Blocks"] + node["Shared Read Blocks"] for node in read) == 0


async def test_of_however_many_with_the_words_those_of_a_rare_tag_are_all_found(filled: AsyncConnection) -> None:
    """They are looked up by the tag, so that the bound on the tasks with the words cuts none of them off."""
    rare = "SELECT id FROM tasks WHERE owner_id = :owner AND deleted_at IS NULL AND tags @> ARRAY['rare']"
    owned = sorted(row.id for row in await filled.execute(text(rare), {"owner": identifier(OWNER)}))
    for words in ("title", "-nothing"):
        query = SearchQuery(words, "", 1000, 3 << 20, None, Holds("tags", "rare"))
        found = await TaskSearch(filled).page(identifier(OWNER), query)
        assert sorted(row.id for row in found) == owned != []
