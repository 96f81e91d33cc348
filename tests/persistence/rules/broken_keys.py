"""Tables that break R1, R4, R9, each with the sentence that finds it."""

import sqlalchemy as sa

from tests.persistence.rules.broken import Case, Rule, deletion, owned, reference, table, text, things, uuid
from tests.persistence.rules.keys import r1_keys, r4_foreign_keys, r9_unique_among_the_living

ONLY_NEW = sa.text("version = 1")


def _a_reference_past_the_owner(into: sa.MetaData) -> None:
    owned(sa.UniqueConstraint("id"))(into)
    owner = uuid("owner_id", primary_key=True)
    part = uuid("part_id", sa.ForeignKey("parts.id", ondelete="RESTRICT"))
    sa.Table("notes", into, owner, uuid("id", primary_key=True), part, comment="-")


CASES: dict[Rule, list[Case]] = {
    r1_keys: [
        (table("things", sa.Column("id", sa.Integer(), primary_key=True)), "things.id is no UUID"),
        (table("things", uuid("name", primary_key=True)), "things is keyed (name)"),
        (table("parts", uuid("owner_id"), uuid("id", primary_key=True)), "parts is keyed (id)"),
        (owned(text("code_key"), sa.UniqueConstraint("code_key")), "uq_parts_code_key is unique without owner_id"),
        (_a_reference_past_the_owner, "fk_notes_part_id refers to an owned row without its owner"),
    ],
    r4_foreign_keys: [
        (
            owned(uuid("made_of"), reference("made_of", to="things", on_delete=None)),
            "fk_parts_made_of has no ON DELETE",
        ),
        (
            owned(uuid("made_of"), reference("made_of", to="things", on_delete="CASCADE")),
            "fk_parts_made_of deletes more than an account's secrets",
        ),
        (
            owned(uuid("made_of"), reference("made_of", to="things", on_delete="SET NULL")),
            "fk_parts_made_of is SET NULL",
        ),
        (
            owned(uuid("made_of"), reference("made_of", to="things")),
            "fk_parts_made_of has no index that starts with its columns",
        ),
        (
            owned(
                uuid("made_of"), reference("made_of", to="things"), sa.Index(None, "made_of", postgresql_where=ONLY_NEW)
            ),
            "fk_parts_made_of has no index that starts with its columns",
        ),
        (owned(reference("created_by", to="things")), "fk_parts_created_by makes an actor a reference"),
    ],
    r9_unique_among_the_living: [
        (
            things(*deletion(), text("name_key"), sa.UniqueConstraint("name_key")),
            "uq_things_name_key counts the deleted",
        ),
        (things(text("name"), sa.Index(None, "name", unique=True)), "ix_things_name is on name, which has its case"),
        (
            things(text("name"), sa.Index("uq_lower", sa.func.lower(sa.column("name")), unique=True)),
            "uq_lower is on an expression, not on a key column",
        ),
    ],
}
