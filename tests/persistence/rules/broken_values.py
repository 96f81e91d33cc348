"""Tables that break R3, R6, R7, each with the sentence that finds it."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from tests.persistence.rules.broken import (
    Build,
    Case,
    Rule,
    choice,
    jsonb,
    number,
    table,
    text,
    things,
    timestamp,
    uuid,
    written,
)
from tests.persistence.rules.values import r3_what_every_row_carries, r6_bounds, r7_sets_lists_and_free_data

IS_OBJECT = "jsonb_typeof(data) = 'object'"


def _without(name: str) -> Build:
    columns = [column for column in written() if column.name != name]
    return table("things", uuid("id", primary_key=True), *columns)


def _created_without_default(into: sa.MetaData) -> None:
    columns = [timestamp("created_at"), *(column for column in written() if column.name != "created_at")]
    sa.Table("things", into, uuid("id", primary_key=True), *columns, comment="-")


CASES: dict[Rule, list[Case]] = {
    r3_what_every_row_carries: [
        (_without("updated_by"), "things has no updated_by"),
        (_without("version"), "things has no version"),
        (things(timestamp("deleted_at")), "things has no purge_at"),
        (_created_without_default, "things.created_at is "),
    ],
    r6_bounds: [
        (things(text("title", check=False)), "things.title has no length"),
        (things(sa.Column("data", sa.LargeBinary(), comment="-")), "things.data has no length"),
        (things(sa.Column("words", sa.ARRAY(sa.Text(collation="C")), comment="-")), "things.words has no length"),
        (things(number("size", None)), "things.size has no range"),
        (things(number("size", "size >= 0")), "things.size has no range"),
        (things(timestamp("due_at", check=False)), "things.due_at has no range"),
    ],
    r7_sets_lists_and_free_data: [
        (things(choice(native=False)), "things.mood is a fixed set without an enum"),
        (
            things(text("mood"), sa.CheckConstraint("mood IN ('a', 'b')", name="mood")),
            "things.mood is a fixed set without an enum",
        ),
        (things(sa.Column("data", postgresql.JSON(), comment="-")), "things.data is json and not jsonb"),
        (things(jsonb("data")), "things.data may be any JSON"),
        (things(jsonb("data", "jsonb_typeof(data) = 'array'")), "things.data is a list without an array type"),
        (things(jsonb("data", IS_OBJECT, filterable=True)), "things.data is filterable without GIN"),
        (
            things(jsonb("data", IS_OBJECT), sa.Index(None, "data", postgresql_using="gin")),
            "things.data is not filterable and has GIN",
        ),
    ],
}
