"""What PostgreSQL does for a statement of the service: the indexes it enters, with what, and the rows it sees."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

Plan = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Examined:
    """`conditions` of the indexes, by their names; `rows` are those that scans of tables gave and threw away.

    `entries` are the rows that a bitmap was made of: places in the table, which it then looks at or not. `blocks` of
    tables and indexes were read.
    """

    conditions: frozenset[tuple[str, str]]
    rows: int
    entries: int
    blocks: int
    sequential: frozenset[str]
    sorts: bool

    @property
    def indexes(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.conditions)


async def examine(connection: AsyncConnection, run: Callable[[], Awaitable[object]], most: int = 1) -> Examined:
    """Runs the repository's own code, catches the statement that it sends, and has that one explained.

    What the first run wrote is taken back, so that the second one finds what the first one found; what that one
    writes is the caller's to roll back. Of up to `most` statements it answers the sum.
    """
    trial = await connection.begin_nested()
    with sent_on(connection) as sent:
        await run()
    await trial.rollback()
    assert 1 <= len(sent) <= most, "statements of a call"
    plans: list[Plan] = []
    for statement, parameters in sent:
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON, TIMING OFF) {statement}"
        answer = (await connection.exec_driver_sql(explain, parameters)).scalar_one()
        plans.append((json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"])
    return _examined(plans)


@contextmanager
def sent_on(connection: AsyncConnection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, each with its parameters."""
    sent: list[tuple[str, Any]] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        sent.append((statement, parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", keep)
    try:
        yield sent
    finally:
        event.remove(connection.sync_connection, "before_cursor_execute", keep)


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _examined(plans: list[Plan]) -> Examined:
    nodes = [node for plan in plans for node in _nodes(plan)]
    scans = [node for node in nodes if "Scan" in node["Node Type"] and node["Actual Loops"]]
    bitmaps = [scan for scan in scans if scan["Node Type"] == "Bitmap Index Scan"]
    # What other scans go through, a subquery or a list of values, was counted below them.
    return Examined(
        conditions=frozenset(
            (scan["Index Name"], scan.get("Index Cond", "")) for scan in scans if "Index Name" in scan
        ),
        rows=sum(_rows(scan) for scan in scans if "Relation Name" in scan),
        entries=sum(_rows(scan) for scan in bitmaps),
        blocks=sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans),
        sequential=frozenset(scan["Relation Name"] for scan in scans if scan["Node Type"] == "Seq Scan"),
        sorts=any("Sort" in node["Node Type"] for node in nodes),
    )


def _rows(scan: Plan) -> int:
    thrown_away = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum((scan["Actual Rows"], *(scan.get(name, 0) for name in thrown_away))) * scan["Actual Loops"])
