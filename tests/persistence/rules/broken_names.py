"""Tables that break R2, R8, R10, each with the sentence that finds it."""

import sqlalchemy as sa

from tests.persistence.rules.broken import Case, Rule, deletion, owned, table, text, things, timestamp, uuid
from tests.persistence.rules.indexes import r8_indexes
from tests.persistence.rules.names import r2_names, r10_names_comments_and_order

CASELESS = sa.func.lower(sa.column("title"))


def _a_junction_without_names(into: sa.MetaData) -> None:
    for name in ("users", "groups"):
        sa.Table(name, into, uuid("id", primary_key=True), comment="-")
    keys = [uuid(f"{name}_id", sa.ForeignKey(f"{name}s.id"), primary_key=True) for name in ("user", "group")]
    sa.Table("links", into, *keys, comment="-")


CASES: dict[Rule, list[Case]] = {
    r2_names: [
        (table("Things", uuid("id", primary_key=True)), "Things is not snake_case"),
        (table("thing", uuid("id", primary_key=True)), "thing is no plural"),
        (things(uuid("dueAt")), "things.dueAt is not snake_case"),
        (_a_junction_without_names, "links joins users and does not say so"),
    ],
    r8_indexes: [
        (
            owned(text("title"), sa.Index(None, "title", "owner_id")),
            "ix_parts_title_owner_id does not begin with owner_id",
        ),
        (things(sa.Index(None, "version")), "ix_things_version serves no query"),
        (
            things(text("title"), sa.Index(None, "title"), sa.Index(None, "title", "id")),
            "ix_things_title is the beginning of ix_things_title_id",
        ),
        (
            things(text("title"), sa.Index("ix_things_a", CASELESS), sa.Index("ix_things_b", CASELESS, "id")),
            "ix_things_a is the beginning of ix_things_b",
        ),
        (things(*deletion()), "things has no index of the living"),
        (things(*deletion(), sa.Index(None, "id")), "things has no index of the living"),
        (
            table("events", uuid("id", primary_key=True), timestamp("created_at"), sa.Index(None, "created_at")),
            "ix_events_created_at is no BRIN",
        ),
    ],
    r10_names_comments_and_order: [
        (table("things", uuid("id", primary_key=True), comment=None), "things has no comment"),
        (things(text("title", comment=None)), "things.title has no comment"),
        (things(text("title", collation=None)), "things.title is not COLLATE C"),
        (things(text("title", collation="POSIX")), "things.title is not COLLATE C"),
        (things(sa.Index("by_version", "version")), "by_version does not begin with ix_things_version"),
        (
            things(text("name_key"), sa.Index("ix_name", "name_key", unique=True)),
            "ix_name does not begin with uq_things_name_key",
        ),
        (
            owned(sa.ForeignKeyConstraint(["created_by"], ["things.id"], name="made")),
            "made does not begin with fk_parts_created_by",
        ),
        (
            things(sa.CheckConstraint("version < 9", name=sa.schema.conv("small"))),
            "small does not begin with ck_things_",
        ),
    ],
}
