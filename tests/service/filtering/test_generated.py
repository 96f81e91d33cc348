"""Filters by chance: what is valid is read and finds the rows that it says, and whatever else there is, is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, and_, cast, false, func, not_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import Condition
from persistence.repositories.conditions import anchor, clause
from service.identity import Caller, set_caller
from tests.service.filtering.generated import Drawn, filters
from tests.service.filtering.reading import is_read, read
from tests.service.filtering.rows import OWNERS, TASKS_TABLE, add_rows

CASES = [2_000, pytest.param(100_000, marks=pytest.mark.prove)]
READ_CASES = [500, pytest.param(10_000, marks=pytest.mark.prove)]  # each is asked of the database, and in Python
AT_ONCE = 25  # filters in one statement
PREFERENCES = [
    ("parent_id", "project_id", "tags", "metadata", "state"),
    ("metadata", "tags", "state"),
    ("tags", "state", "parent_id"),
    ("state", "priority", "due_at"),
]
FRAGMENTS = ["AND", "OR", "NOT", "-", "(", ")", "=", "!=", "<", ":", "*", '"', "'", "`", "\\", ".", " ", "\n", "\x00"]
FRAGMENTS += ["title", "state", "OPEN", "due_time", "2026-01-31T12:00:00Z", "tags", "metadata", "project", "users/me"]
FRAGMENTS += [
    "%",
    "_",
    "; DROP TABLE tasks; --",
    "1e5",
    "null",
    "true",
    "é",
    "\u0301",
    "\ud800",
    "a",
    "priority",
    "and",
]
NONSENSE = st.one_of(st.text(st.characters(codec=None)), st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
KEY = cast(TASKS_TABLE.c.owner_id, Text()) + "/" + cast(TASKS_TABLE.c.id, Text())
Drawing = TypeVar("Drawing")


@pytest.fixture(autouse=True)
def owner_calls() -> None:
    set_caller(Caller(OWNERS[0]))


def each(strategy: st.SearchStrategy[Drawing], cases: int, see: Callable[[Drawing], object]) -> None:
    """The same cases in every run."""

    @settings(
        max_examples=cases, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def run(drawn: Drawing) -> None:
        see(drawn)

    run()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("cases", CASES)
def test_arbitrary_text_is_a_filter_or_an_invalid_filter(cases: int) -> None:
    each(NONSENSE, cases, is_read)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("cases", READ_CASES)
async def test_a_filter_finds_the_rows_that_it_says_and_its_anchor_none_less(
    cases: int, shared_connection: AsyncConnection
) -> None:
    rows = {f"{row['owner_id']}/{row['id']}": row for row in await add_rows(shared_connection)}
    drawn: list[Drawn] = []
    each(filters(), cases, drawn.append)
    told = 0
    for start in range(0, len(drawn), AT_ONCE):
        some = drawn[start : start + AT_ONCE]
        found, lost = await answers(shared_connection, [read(one.text) for one in some], start)
        expected = [sorted(key for key, row in rows.items() if one.holds(row)) for one in some]
        for one, told_rows, wanted, missed in zip(some, found, expected, lost, strict=True):
            assert told_rows == wanted, one.text
            assert missed == 0, one.text
        told += sum(0 < len(wanted) < len(rows) for wanted in expected)
    assert len(drawn) >= cases
    assert told > cases / 3  # so many find some of the rows and not all


async def answers(
    connection: AsyncConnection, conditions: Sequence[Condition], turn: int
) -> tuple[list[list[str]], list[int]]:
    """For each condition the keys of the rows that it finds, and how many of them its anchor would not let through."""
    found, lost = [], []
    for number, condition in enumerate(conditions, start=turn):
        holds = clause(TASKS_TABLE, condition)
        anchored = anchor(TASKS_TABLE, condition, PREFERENCES[number % len(PREFERENCES)])
        found.append(func.array_agg(KEY).filter(holds))
        lost.append(
            func.count().filter(and_(holds, not_(func.coalesce(true() if anchored is None else anchored, false()))))
        )
    asked = select(*found, *lost).where(TASKS_TABLE.c.owner_id.in_(OWNERS))
    answer: Sequence[Any] = (await connection.execute(asked)).one()
    return [sorted(keys or []) for keys in answer[: len(found)]], list(answer[len(found) :])
