"""How migrations write columns, in step with `persistence/models/base.py`: bounds as CHECK, names by convention."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

EARLIEST = "1970-01-01 00:00:00+00"
LATEST = "9000-12-31 23:59:59.999999+00"


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def bounded_text(table: str, name: str, shortest: int, longest: int, comment: str) -> sa.Column[str]:
    length = check(table, f"{name}_length", f"char_length({name}) BETWEEN {shortest} AND {longest}")
    return sa.Column(name, sa.Text(collation="C"), length, nullable=False, comment=comment)


def bounded_bytes(
    table: str, name: str, shortest: int, longest: int, comment: str, *, nullable: bool = False
) -> sa.Column[bytes]:
    length = check(table, f"{name}_length", f"octet_length({name}) BETWEEN {shortest} AND {longest}")
    return sa.Column(name, sa.LargeBinary(), length, nullable=nullable, comment=comment)


def whole_number(
    table: str, name: str, least: int, most: int, comment: str, *, default: str | None = None
) -> sa.Column[int]:
    in_range = check(table, f"{name}_range", f"{name} BETWEEN {least} AND {most}")
    server_default = None if default is None else sa.text(default)
    return sa.Column(name, sa.BigInteger(), in_range, nullable=False, server_default=server_default, comment=comment)


def color(table: str, comment: str) -> sa.Column[str]:
    """`#RRGGBB` in capitals; blue where none is given."""
    form = check(table, "color_form", "char_length(color) = 7 AND color ~ '^#[0-9A-F]{6}$'")
    blue, kind = sa.text("'#3B82F6'"), sa.Text(collation="C")
    return sa.Column("color", kind, form, server_default=blue, nullable=False, comment=comment)


def timestamp(
    table: str, name: str, comment: str, *, default: bool = False, required: bool = False
) -> sa.Column[object]:
    in_range = check(table, f"{name}_range", f"{name} BETWEEN '{EARLIEST}' AND '{LATEST}'")
    now, nullable = sa.func.now() if default else None, not (default or required)
    column_type = sa.DateTime(timezone=True)
    return sa.Column(name, column_type, in_range, nullable=nullable, server_default=now, comment=comment)


def of_account(table: str, comment: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    """The account that a secret belongs to, and goes with."""
    name = op.f(f"fk_{table}_user_id")
    reference = sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE")
    return sa.Column("user_id", sa.Uuid(), nullable=False, comment=comment), reference


def of_owner(table: str, comment: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    """The user that a row of an owned table belongs to; its key begins with it, and it goes before the user does."""
    name = op.f(f"fk_{table}_owner_id")
    reference = sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=name, ondelete="RESTRICT")
    return sa.Column("owner_id", sa.Uuid(), nullable=False, comment=comment), reference


def versioned(table: str) -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    """Who made and changed a row, when and how often; the trigger of `count_versions` keeps time and number."""
    number = "1 when made, one more with each change; set by a trigger"
    return (
        timestamp(table, "created_at", "When the row was made", default=True),
        timestamp(table, "updated_at", "When the row last changed; set by a trigger", default=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False, comment=number),
        check(table, "version_range", "version >= 1"),
        actor("created_by", "Id of the account that made the row"),
        actor("updated_by", "Id of the account that last changed the row"),
    )


def softly_deleted(table: str) -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    return (
        timestamp(table, "deleted_at", "When the row was deleted; NULL while it lives"),
        timestamp(table, "purge_at", "When a deleted row is removed for good"),
        check(table, "deletion_is_whole", "(deleted_at IS NULL) = (purge_at IS NULL)"),
    )


def count_versions(table: str) -> None:
    op.execute(f"CREATE TRIGGER bump_version BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION bump_version()")


def actor(name: str, comment: str, *, nullable: bool = False) -> sa.Column[object]:
    """The id of an account, without a foreign key: an actor is a fact and not a reference."""
    return sa.Column(name, sa.Uuid(), nullable=nullable, comment=comment)


def enumerated(name: str) -> postgresql.ENUM:
    return postgresql.ENUM(name=name, create_type=False)


def index_concurrently(
    name: str,
    table: str,
    columns: Sequence[str | sa.TextClause],
    *,
    using: str = "btree",
    where: sa.TextClause | None = None,
) -> None:
    """On a table with rows, of columns and expressions. An invalid one, which an attempt left, makes way first."""
    with op.get_context().autocommit_block():
        drop_concurrently(name, table)
        op.create_index(
            name,
            table,
            columns,
            if_not_exists=True,
            postgresql_using=using,
            postgresql_where=where,
            postgresql_concurrently=True,
        )


def drop_concurrently(name: str, table: str) -> None:
    """Inside an `autocommit_block`."""
    op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
