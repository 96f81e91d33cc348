"""The metadata all tables share, and the columns that come in groups (database.md, R3 and R6)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, LargeBinary, MetaData, Text, Uuid, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

NAMING_CONVENTION = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

# PostgreSQL stores years to 294276, Python reads them to 9999: what lies outside would poison every SELECT of its row.
EARLIEST = "1970-01-01 00:00:00+00"
LATEST = "9000-12-31 23:59:59.999999+00"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def bounded_text(name: str, shortest: int, longest: int, comment: str, *, nullable: bool = False) -> MappedColumn[str]:
    """A text column of `shortest` to `longest` code points, ordered by code point on every server."""
    check = CheckConstraint(f"char_length({name}) BETWEEN {shortest} AND {longest}", name=f"{name}_length")
    return mapped_column(name, Text(collation="C"), check, nullable=nullable, comment=comment)


def color(comment: str) -> MappedColumn[str]:
    """`#RRGGBB` in capitals; blue where none is given."""
    return mapped_column(
        "color",
        Text(collation="C"),
        CheckConstraint("char_length(color) = 7 AND color ~ '^#[0-9A-F]{6}$'", name="color_form"),
        server_default=text("'#3B82F6'"),
        comment=comment,
    )


def bounded_bytes(
    name: str, shortest: int, longest: int, comment: str, *, nullable: bool = False, primary_key: bool = False
) -> MappedColumn[bytes]:
    """A run of `shortest` to `longest` bytes: a hash, a key, a sealed value."""
    check = CheckConstraint(f"octet_length({name}) BETWEEN {shortest} AND {longest}", name=f"{name}_length")
    return mapped_column(name, LargeBinary, check, nullable=nullable, primary_key=primary_key, comment=comment)


def timestamp(name: str, comment: str, *, default: bool = False, required: bool = False) -> MappedColumn[datetime]:
    """A timestamptz between 1970 and 9000; with `default` the database's clock fills it.

    It may be NULL where it neither has a default nor is `required`.
    """
    check = CheckConstraint(f"{name} BETWEEN '{EARLIEST}' AND '{LATEST}'", name=f"{name}_range")
    server_default, nullable = func.now() if default else None, not (default or required)
    column_type = DateTime(timezone=True)
    return mapped_column(name, column_type, check, nullable=nullable, server_default=server_default, comment=comment)


class Versioned:
    """When a row was made and changed, and how often; a trigger keeps `updated_at` and `version`."""

    created_at: Mapped[datetime] = timestamp("created_at", "When the row was made", default=True)
    updated_at: Mapped[datetime] = timestamp("updated_at", "When the row last changed; set by a trigger", default=True)
    version: Mapped[int] = mapped_column(
        BigInteger,
        CheckConstraint("version >= 1", name="version_range"),
        server_default=text("1"),
        comment="1 when made, one more with each change; set by a trigger",
    )


class SoftlyDeleted:
    """Deletion that can be taken back until `purge_at`."""

    deleted_at: Mapped[datetime | None] = timestamp("deleted_at", "When the row was deleted; NULL while it lives")
    purge_at: Mapped[datetime | None] = timestamp("purge_at", "When a deleted row is removed for good")


class Authored:
    """Who wrote. An actor is a fact and not a reference: no foreign key, it outlives the account."""

    created_by: Mapped[UUID] = mapped_column(Uuid, comment="Id of the account that made the row")
    updated_by: Mapped[UUID] = mapped_column(Uuid, comment="Id of the account that last changed the row")


def deletion_is_whole() -> CheckConstraint:
    """A deleted row has a time of purge, a living one has none."""
    return CheckConstraint("(deleted_at IS NULL) = (purge_at IS NULL)", name="deletion_is_whole")
