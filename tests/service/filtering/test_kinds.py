"""What a comparison of each kind of field asks."""

from datetime import UTC, datetime
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
    Matches,
    Not,
)
from persistence.models import Base
from service.fields import column_of
from service.filtering import Fields
from service.identity import Caller, set_caller
from service.projects.filter_fields import PROJECTS
from service.tasks.filter_fields import TASKS, TASKS_ACROSS_OWNERS
from service.users.filter_fields import USERS
from tests.service.filtering.reading import OTHER, OWNER, read

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def owner_calls() -> None:
    set_caller(Caller(OWNER))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("title < b", Compare("title", "<", "b")),
        ('title:"b"', Matches("title", ("", "b", ""))),
        ('title:"a*b"', Matches("title", ("", "a", "b", ""))),
        ("title:*", Compare("title", "!=", "")),
        ("description:'*'", Compare("description", "!=", "")),
        ("state = OPEN", Compare("state", "=", "OPEN")),
        ('state != "IN_PROGRESS"', Compare("state", "!=", "IN_PROGRESS")),
        ("state:*", IsSet("state")),
        ("priority >= HIGH", Compare("priority", ">=", "HIGH")),
        ("due_time < 2026-01-31T12:00:00Z", Compare("due_at", "<", NOON)),
        ("due_time:*", IsSet("due_at")),
        ('tags:"work"', Holds("tags", "work")),
        ("tags:'  New\t YORK '", Holds("tags", "new york")),
        ("tags:wor*", HoldsMatch("tags", ("wor", ""))),
        ('tags:"New *"', HoldsMatch("tags", ("new ", ""))),
        ("tags:＊", Holds("tags", "*")),
        ("tags:*", IsSet("tags")),
        ("creator = users/me", Compare("created_by", "=", OWNER)),
        (f"updater != 'users/{OTHER}'", Compare("updated_by", "!=", OTHER)),
        ("project:*", IsSet("project_id")),
    ],
)
def test_a_comparison_of_a_task_asks_of_its_column(text: str, condition: Condition) -> None:
    assert read(text) == condition


@pytest.mark.parametrize(("field", "collection"), [("project", "projects"), ("parent_task", "tasks")])
def test_a_reference_is_the_same_where_owner_and_id_are(field: str, collection: str) -> None:
    """A name of another owner than the task's is then no error and matches nothing."""
    column = column_of(field)
    for user, owner in (("me", OWNER), (str(OTHER), OTHER)):
        same = Every((Compare("owner_id", "=", owner), Compare(column, "=", OWNER)))
        assert read(f"{field} = users/{user}/{collection}/{OWNER}") == same
        assert read(f"{field} != users/{user}/{collection}/{OWNER}") == Every((IsSet(column), Not(same)))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('email = "Ada@Example.COM"', Compare("email_key", "=", "ada@example.com")),
        ("email:@EXAMPLE.", Matches("email_key", ("", "@example.", ""))),
        ("username = ADA*", Matches("username_key", ("ada", ""))),
        ("email:*", IsSet("email_key")),
        ("role = SERVICE", Compare("role", "=", "SERVICE")),
    ],
)
def test_accounts_are_found_without_case(text: str, condition: Condition) -> None:
    assert read(text, USERS) == condition


def test_archived_is_true_or_false() -> None:
    assert read("archived = true", PROJECTS) == Compare("archived", "=", True)
    assert read('archived != "false"', PROJECTS) == Compare("archived", "!=", False)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("metadata:*", IsSet("metadata")),
        ("metadata:key", JsonIsSet("metadata", ("key",))),
        ("metadata:'a.b'", JsonIsSet("metadata", ("a.b",))),
        ("metadata.key:*", JsonIsSet("metadata", ("key",))),
        ("metadata.key:x", JsonHas("metadata", ("key",), "x")),
        ("metadata.key:5", JsonHas("metadata", ("key",), 5.0)),
        ('metadata.key:"5"', JsonHas("metadata", ("key",), "5")),
        ("metadata.key = x*", JsonMatches("metadata", ("key",), ("x", ""))),
        ("metadata.key < 5", JsonCompare("metadata", ("key",), "<", 5.0)),
        ("metadata.key < b", JsonCompare("metadata", ("key",), "<", "b")),
        (
            "metadata.key != 'x*'",
            Every((JsonIsSet("metadata", ("key",)), Not(JsonMatches("metadata", ("key",), ("x", ""))))),
        ),
    ],
)
def test_metadata_is_asked_by_key(text: str, condition: Condition) -> None:
    assert read(text) == condition


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5.0),
        ("-0.5e3", -500.0),
        ("0", 0.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("True", "True"),
        ("007", "007"),
        ("+5", "+5"),
        ("5.", "5."),
        ("NaN", "NaN"),
        ("٥", "٥"),
        ("word", "word"),
        ('"5"', "5"),
        ("'true'", "true"),
        ('"null"', "null"),
        ('"e\u0301"', "é"),
    ],
)
def test_what_json_writes_without_quotes_is_of_that_type_and_all_else_is_text(written: str, value: object) -> None:
    condition = read(f"metadata.key = {written}")
    assert isinstance(condition, JsonCompare)
    assert (type(condition.value), condition.value) == (type(value), value)


@pytest.mark.parametrize(
    ("table", "fields", "own"),
    [
        ("tasks", TASKS, {}),
        ("tasks", TASKS_ACROSS_OWNERS, {}),
        ("projects", PROJECTS, {}),
        ("users", USERS, {"email": "email_key", "username": "username_key"}),
    ],
)
def test_every_field_asks_of_its_own_column(table: str, fields: Fields, own: dict[str, str]) -> None:
    columns = Base.metadata.tables[table].c
    for name in fields.named:
        condition = read(f"{name}:*", fields)
        assert isinstance(condition, Compare | IsSet)
        assert condition.column == own.get(name, column_of(name))
        assert condition.column in columns


def test_the_caller_alone_makes_out_who_me_is() -> None:
    set_caller(Caller(UUID(int=7)))
    assert read("creator = users/me") == Compare("created_by", "=", UUID(int=7))
