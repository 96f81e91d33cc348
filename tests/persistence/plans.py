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
    """`conditions` by index; `rows` counts those that the scans gave and those that they threw away."""

    conditions: dict[str, str]
    rows: int
    sequential: frozenset[str]
    sorts: bool


async def examine(connection: AsyncConnection, run: Callable[[], Awaitable[object]]) -> Examined:
    """Runs the repository's own code, catches the one statement that it sends, and has that one explained.

    What the first run wrote is taken back, so that the second one finds what the first one found; what that one
    writes is the caller's to roll back.
    """
    trial = await connection.begin_nested()
    with sent_on(connection) as sent:
        await run()
    await trial.rollback()
    (statement, parameters), *more = sent
    assert not more, "one statement a call"
    explained = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {statement}", parameters)
    answer = explained.scalar_one()
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return _examined(list(_nodes(plan)))


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


def _examined(nodes: list[Plan]) -> Examined:
    scans = [node for node in nodes if "Scan" in node["Node Type"] and node["Actual Loops"]]
    return Examined(
        conditions={scan["Index Name"]: scan.get("Index Cond", "") for scan in scans if "Index Name" in scan},
        rows=sum(_rows(scan) for scan in scans),
        sequential=frozenset(scan["Relation Name"] for scan in scans if scan["Node Type"] == "Seq Scan"),
        sorts=any("Sort" in node["Node Type"] for node in nodes),
    )


def _rows(scan: Plan) -> int:
    thrown_away = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum((scan["Actual Rows"], *(scan.get(name, 0) for name in thrown_away))) * scan["Actual Loops"])
