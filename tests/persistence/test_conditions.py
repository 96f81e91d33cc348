"""Conditions as SQL, on real rows: what each finds, and that its values are bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.conditions import (
    Compare,
    Condition,
    Every,
    Holds,
    HoldsMatch,
    IsSet,
    JsonCompare,
    JsonHas,
    JsonIsSet,
    JsonMatches,
    Matches,
    Not,
    Some,
)
from persistence.models import Base
from persistence.repositories.conditions import anchor, clause
from tests.persistence.units import add_account, unit

TASKS = Base.metadata.tables["tasks"]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MARK = "Bobby'; DROP TABLE tasks; --"


async def owner_of(connection: AsyncConnection, tasks: Iterable[Mapping[str, object]]) -> UUID:
    """Tasks of a new owner, each titled by its number from 0 unless it says otherwise."""
    owner = await add_account(unit(connection))
    given = {"owner_id": owner, "created_by": owner, "updated_by": owner, "description": "", "priority": "LOW"}
    for number, task in enumerate(tasks):
        await connection.execute(insert(TASKS).values({**given, "id": uuid4(), "title": str(number), **task}))
    return owner


async def found(connection: AsyncConnection, owner: UUID, condition: Condition) -> list[str]:
    statement = select(TASKS.c.title).where(TASKS.c.owner_id == owner, clause(TASKS, condition))
    return sorted((await connection.execute(statement)).scalars())


@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        (Compare("due_at", "=", NOON), ["0"]),
        (Compare("due_at", "!=", NOON), []),
        (Compare("due_at", "<", NOON), []),
        (IsSet("due_at"), ["0"]),
        (Not(Compare("due_at", "=", NOON)), ["1"]),
        (Not(Compare("due_at", "!=", NOON)), ["0", "1"]),
        (Not(Not(Compare("due_at", "<", NOON))), []),
        (Not(Every((Compare("due_at", ">", NOON), Compare("title", "=", "1")))), ["0", "1"]),
        (Not(Some((Compare("due_at", ">", NOON), Compare("title", "=", "1")))), ["0"]),
        (JsonCompare("metadata", ("k",), "!=", "y"), ["0"]),
        (Not(JsonCompare("metadata", ("k",), "=", "x")), ["1"]),
        (Not(JsonHas("metadata", ("k",), "x")), ["1"]),
        (IsSet("metadata"), ["0"]),
        (IsSet("tags"), ["1"]),
    ],
)
async def test_what_is_unset_answers_no_comparison_and_not_is_the_complement(
    shared_connection: AsyncConnection, condition: Condition, titles: list[str]
) -> None:
    owner = await owner_of(shared_connection, [{"due_at": NOON, "metadata": {"k": "x"}}, {"tags": ["work"]}])
    assert await found(shared_connection, owner, condition) == titles


@pytest.mark.parametrize(
    ("pattern", "titles"),
    [
        (("", "50%", ""), ["50%", "a50%b"]),
        (("", "_", ""), ["a_b"]),
        (("a", "b"), ["a/b", "a50%b", "a\\b", "a_b"]),
        (("", "\\", ""), ["a\\b"]),
        (("", "/", ""), ["a/b"]),
        (("", "' OR '1'='1", ""), []),
        (("50%",), ["50%"]),
    ],
)
async def test_signs_of_like_stand_for_themselves(
    shared_connection: AsyncConnection, pattern: tuple[str, ...], titles: list[str]
) -> None:
    texts = ["50%", "50x", "a50%b", "a_b", "a\\b", "a/b"]
    owner = await owner_of(shared_connection, [{"title": title, "tags": [title]} for title in texts])
    assert await found(shared_connection, owner, Matches("title", pattern)) == titles
    assert await found(shared_connection, owner, HoldsMatch("tags", pattern)) == titles
    others = await found(shared_connection, owner, Matches("title", pattern, negated=True))
    assert others == sorted(set(texts) - set(titles))


@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        (JsonCompare("metadata", ("a", "0"), "=", "x"), ["object"]),
        (JsonIsSet("metadata", ("a", "0")), ["object"]),
        (JsonCompare("metadata", ("a",), "=", 1.0), ["one"]),
        (JsonCompare("metadata", ("a",), "=", "1"), ["text"]),
        (JsonCompare("metadata", ("a",), "=", None), ["null"]),
        (JsonIsSet("metadata", ("a",)), ["array", "null", "object", "one", "text", "true"]),
        (JsonCompare("metadata", ("a",), "!=", 1.0), ["array", "null", "object", "text", "true"]),
        (JsonCompare("metadata", ("a",), "<", 2.0), ["one"]),
        (JsonCompare("metadata", ("a",), ">", ""), ["text"]),
        (JsonHas("metadata", ("a",), "x"), ["array"]),
        (JsonHas("metadata", ("a",), "0"), ["object"]),
        (JsonHas("metadata", ("a",), "1"), ["text"]),
        (JsonHas("metadata", ("a",), 5.0), ["array"]),
        (JsonHas("metadata", ("a",), 1.0), []),
        (JsonHas("metadata", ("a",), True), []),
        (JsonMatches("metadata", ("a",), ("", "")), ["text"]),
    ],
)
async def test_json_is_compared_with_its_own_type_and_keys_of_digits_are_no_places(
    shared_connection: AsyncConnection, condition: Condition, titles: list[str]
) -> None:
    values = {"array": ["x", 5, ["1"]], "object": {"0": "x"}, "one": 1, "text": "1", "true": True, "null": None}
    tasks: list[dict[str, object]] = [{"title": title, "metadata": {"a": value}} for title, value in values.items()]
    owner = await owner_of(shared_connection, [{"title": "none"}, *tasks])
    assert await found(shared_connection, owner, condition) == titles


async def test_text_is_ordered_by_code_point_and_priorities_by_weight(shared_connection: AsyncConnection) -> None:
    texts = ["B", "a", "é"]
    owner = await owner_of(shared_connection, [{"title": word, "metadata": {"k": word}} for word in texts])
    in_metadata = JsonCompare("metadata", ("k",), "<", "a")
    for ordered in (Compare("title", "<", "a"), in_metadata):
        assert await found(shared_connection, owner, ordered) == ["B"]
    assert 'COLLATE "C") <' in str(clause(TASKS, in_metadata))  # the server of this test may have no other order
    assert await found(shared_connection, owner, Compare("priority", "<", "MEDIUM")) == texts
    assert await found(shared_connection, owner, Compare("priority", ">", "LOW")) == []


async def test_the_clause_of_a_subquery_is_that_of_its_table(shared_connection: AsyncConnection) -> None:
    owner = await owner_of(shared_connection, [{"tags": ["work"]}, {}])
    few = select(*(c for c in TASKS.c if c.name != "search")).where(TASKS.c.owner_id == owner).limit(9).subquery()
    condition = Every(
        (HoldsMatch("tags", ("w", "")), Not(JsonIsSet("metadata", ("k",))), Compare("state", "=", "OPEN"))
    )
    assert (await shared_connection.execute(select(few.c.title).where(clause(few, condition)))).scalars().all() == ["0"]


@pytest.mark.parametrize(
    "condition",
    [
        Compare("title", "=", MARK),
        Matches("title", (MARK, "")),
        Holds("tags", MARK),
        HoldsMatch("tags", (MARK, "")),
        JsonCompare("metadata", (MARK, MARK), "=", MARK),
        JsonCompare("metadata", (MARK, MARK), "<", MARK),
        JsonMatches("metadata", (MARK,), (MARK, "")),
        JsonHas("metadata", (MARK,), MARK),
        JsonIsSet("metadata", (MARK,)),
    ],
)
def test_no_value_and_no_key_stands_in_the_statement(condition: Condition) -> None:
    indexed = anchor(TASKS, condition, ("title", "tags", "metadata"))
    assert "Bobby" not in f"{clause(TASKS, condition)} {indexed}"
