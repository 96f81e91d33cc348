"""A schema as plain values, so that one check reads the metadata and the live catalogue alike."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """`type` as PostgreSQL names it: `text`, `uuid`, `timestamp with time zone`, `text[]`, the name of an enum."""

    name: str
    type: str
    nullable: bool
    default: str | None
    collation: str | None
    comment: str | None
    is_enum: bool = False
    is_generated: bool = False
    filterable: bool = False  # declared in the model: a query of the service looks inside

    @property
    def kind(self) -> str:
        """The type without its measures."""
        return self.type.partition("(")[0]

    @property
    def is_text(self) -> bool:
        return self.kind in {"text", "character varying", "character"}


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`on_delete` is None where none is written."""

    name: str
    columns: tuple[str, ...]
    target: str
    on_delete: str | None


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    condition: str


@dataclass(frozen=True, slots=True)
class Index:
    """Of any origin: a primary key and a unique constraint are indexes too.

    An expression stands in `columns` as "", and in `keys` as it is written.
    """

    name: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    method: str
    condition: str | None
    is_unique: bool
    is_primary: bool

    @property
    def only_living(self) -> bool:
        return self.condition is not None and "deleted_at IS NULL" in self.condition


@dataclass(frozen=True, slots=True)
class Table:
    """`triggers` are `(timing and event, function)`; None in the metadata, which knows of none."""

    name: str
    comment: str | None
    columns: dict[str, Column]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[Check, ...]
    indexes: tuple[Index, ...]
    triggers: frozenset[str] | None = None

    @property
    def primary_key(self) -> tuple[str, ...]:
        return next((index.columns for index in self.indexes if index.is_primary), ())

    @property
    def is_owned(self) -> bool:
        return "owner_id" in self.columns

    @property
    def is_single_row(self) -> bool:
        return self.primary_key == ("only_row",)


@dataclass(frozen=True, slots=True)
class Schema:
    """`functions` is None in the metadata."""

    tables: dict[str, Table]
    functions: frozenset[str] | None = field(default=None)
