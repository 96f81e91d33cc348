"""What of a condition is given to an index. That it loses no row, test_generated.py of the filters proves."""

from __future__ import annotations

from uuid import UUID

import pytest

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
    Not,
    Some,
)
from persistence.models import Base
from persistence.repositories.conditions import anchor

TASKS = Base.metadata.tables["tasks"]
INDEXED = ("parent_id", "project_id", "tags", "metadata", "state")
ID, OTHER = UUID(int=1), UUID(int=2)
OPEN, STARTED = Compare("state", "=", "OPEN"), Compare("state", "=", "IN_PROGRESS")
IN_PROJECT = Compare("project_id", "=", ID)


@pytest.mark.parametrize(
    ("condition", "columns"),
    [
        (OPEN, "state ="),
        (Every((OPEN, Holds("tags", "a"), JsonIsSet("metadata", ("k",)))), "tags @>"),
        (Every((Holds("tags", "a"), Every((IN_PROJECT, OPEN)))), "project_id ="),
        (Every((IN_PROJECT, Compare("parent_id", "=", OTHER))), "parent_id ="),
        (Every((JsonIsSet("metadata", ("k",)), JsonCompare("metadata", ("k",), "=", 1.0))), "metadata @>"),
        (JsonCompare("metadata", ("k", "l"), "!=", "x"), "metadata ?"),
        (JsonMatches("metadata", ("k",), ("x", "")), "metadata ?"),
        (JsonHas("metadata", ("k",), "x"), "metadata ?"),
        (Some((OPEN, STARTED)), "state = ANY"),
        (Some((OPEN, Every((STARTED, Holds("tags", "a"))))), "state = ANY"),
        (Some((IN_PROJECT, Compare("project_id", "=", OTHER))), "project_id = ANY"),
    ],
)
def test_the_anchor_is_what_the_best_index_answers(condition: Condition, columns: str) -> None:
    made = anchor(TASKS, condition, INDEXED)
    assert made is not None
    assert str(made).startswith(f"tasks.{columns} ")


@pytest.mark.parametrize(
    "condition",
    [
        Compare("state", "!=", "OPEN"),
        Compare("title", "=", "a"),
        Not(OPEN),
        Some((OPEN, Compare("title", "=", "a"))),
        Some((Holds("tags", "a"), IN_PROJECT)),
        HoldsMatch("tags", ("a", "")),
        IsSet("tags"),
        IsSet("metadata"),
        Not(JsonIsSet("metadata", ("k",))),
    ],
)
def test_there_is_no_anchor_where_no_index_serves(condition: Condition) -> None:
    assert anchor(TASKS, condition, INDEXED) is None


def test_only_the_columns_that_are_said_to_have_an_index_make_an_anchor() -> None:
    users = Base.metadata.tables["users"]
    condition = Every((Compare("state", "=", "ACTIVE"), Compare("username_key", "=", "ada")))
    made = anchor(users, condition, ("email_key", "username_key"))
    assert made is not None
    assert str(made).startswith("users.username_key = ")
    assert anchor(users, Compare("state", "=", "ACTIVE"), ("email_key", "username_key")) is None
