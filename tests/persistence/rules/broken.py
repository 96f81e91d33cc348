"""Tables that break one rule each, for the controls: what a check does not find here it would not find anywhere."""

from collections.abc import Callable, Iterator

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from persistence.models.base import NAMING_CONVENTION
from tests.persistence.rules.schema import Schema

Rule = Callable[[Schema], Iterator[str]]
Build = Callable[[sa.MetaData], object]
Case = tuple[Build, str]  # the sentence, or how it begins
LIVING = sa.text("deleted_at IS NULL")


def metadata() -> sa.MetaData:
    return sa.MetaData(naming_convention=NAMING_CONVENTION)


def timestamp(name: str, *, default: bool = False, check: bool = True) -> sa.Column[object]:
    in_range = [sa.CheckConstraint(f"{name} BETWEEN '1970-01-01' AND '9000-12-31'", name=f"{name}_range")] * check
    column_type, now = sa.DateTime(timezone=True), sa.func.now() if default else None
    return sa.Column(name, column_type, *in_range, nullable=not default, server_default=now, comment="-")


def uuid(name: str, *more: object, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Uuid(), *more, primary_key=primary_key, nullable=False, comment="-")  # type: ignore[arg-type]  # the constructor's own parameter is a union of private names


def text(name: str, *, check: bool = True, collation: str | None = "C", comment: str | None = "-") -> sa.Column[str]:
    length = [sa.CheckConstraint(f"char_length({name}) BETWEEN 1 AND 9", name=f"{name}_length")] * check
    return sa.Column(name, sa.Text(collation=collation), *length, comment=comment)


def number(name: str, condition: str | None) -> sa.Column[int]:
    in_range = [] if condition is None else [sa.CheckConstraint(condition, name=f"{name}_range")]
    return sa.Column(name, sa.Integer(), *in_range, comment="-")


def version() -> sa.Column[int]:
    check = sa.CheckConstraint("version >= 1", name="version_range")
    return sa.Column("version", sa.BigInteger(), check, nullable=False, server_default=sa.text("1"), comment="-")


def written() -> list[sa.Column[object]]:
    times = [timestamp("created_at", default=True), timestamp("updated_at", default=True)]
    return [*times, version(), uuid("created_by"), uuid("updated_by")]  # type: ignore[list-item]  # Column is invariant in its type


def deletion() -> list[sa.Column[object]]:
    return [timestamp("deleted_at"), timestamp("purge_at")]


def things(*parts: sa.schema.SchemaItem) -> Build:
    """A table that follows every rule, and `parts`, one of which does not."""
    return lambda into: sa.Table("things", into, uuid("id", primary_key=True), *written(), *parts, comment="-")


def owned(*parts: sa.schema.SchemaItem, name: str = "parts") -> Build:
    def build(into: sa.MetaData) -> None:
        things()(into)
        owner = uuid("owner_id", sa.ForeignKey("things.id", ondelete="RESTRICT"), primary_key=True)
        sa.Table(name, into, owner, uuid("id", primary_key=True), *written(), *parts, comment="-")

    return build


def table(name: str, *parts: sa.schema.SchemaItem, comment: str | None = "-") -> Build:
    return lambda into: sa.Table(name, into, *parts, comment=comment)


def jsonb(name: str, *checks: str, filterable: bool = False) -> sa.Column[object]:
    conditions = [sa.CheckConstraint(check, name=f"{name}_{place}") for place, check in enumerate(checks)]
    return sa.Column(name, postgresql.JSONB(), *conditions, comment="-", info={"filterable": filterable})


def choice(*, native: bool) -> sa.Column[str]:
    kind = sa.Enum("a", "b", name="mood", native_enum=native, create_constraint=not native)
    length = [sa.CheckConstraint("char_length(mood) <= 9", name="mood_length")] * (not native)
    return sa.Column("mood", kind, *length, comment="-")


def reference(*columns: str, to: str, on_delete: str | None = "RESTRICT") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(columns, [f"{to}.id"], ondelete=on_delete)
