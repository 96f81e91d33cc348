"""R2, R10: names, comments and the order of texts."""

import re
from collections.abc import Iterator

from tests.persistence.rules.schema import Index, Schema, Table

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 63  # bytes; PostgreSQL cuts the rest off without an error


def r2_names(schema: Schema) -> Iterator[str]:
    """Tables are snake_case plurals, or a log; columns snake_case; a junction table carries both names."""
    for table in schema.tables.values():
        if not SNAKE_CASE.fullmatch(table.name):
            yield f"{table.name} is not snake_case"
        if not table.name.endswith(("s", "_log")) and not table.is_single_row:
            yield f"{table.name} is no plural"
        yield from (
            f"{table.name}.{name} is not snake_case" for name in table.columns if not SNAKE_CASE.fullmatch(name)
        )
        yield from _junction_faults(table)


def _junction_faults(table: Table) -> Iterator[str]:
    """A junction's key is made of the keys of two other tables."""
    targets = [key.target for key in table.foreign_keys if set(key.columns) <= set(table.primary_key)]
    together = {name for key in table.foreign_keys for name in key.columns}
    if len(targets) >= 2 and together >= set(table.primary_key):
        for target in targets:
            if target.removesuffix("s") not in table.name:
                yield f"{table.name} joins {target} and does not say so"


def r10_names_comments_and_order(schema: Schema) -> Iterator[str]:
    """Constraints and indexes follow the convention; tables and columns have comments; texts are COLLATE "C"."""
    for table in schema.tables.values():
        yield from _convention_faults(table)
        if not table.comment:
            yield f"{table.name} has no comment"
        for column in table.columns.values():
            if not column.comment:
                yield f"{table.name}.{column.name} has no comment"
            if (column.is_text or column.type == "text[]") and column.collation != "C":
                yield f"{table.name}.{column.name} is not COLLATE C"


def _convention_faults(table: Table) -> Iterator[str]:
    expected = [(index.name, _prefix(index, table)) for index in table.indexes]
    expected += [(key.name, f"fk_{table.name}_{'_'.join(key.columns)}") for key in table.foreign_keys]
    expected += [(check.name, f"ck_{table.name}_") for check in table.checks]
    for name, prefix in expected:
        if not name.startswith(prefix) or len(name.encode()) > LONGEST_NAME:
            yield f"{name} does not begin with {prefix}"


def _prefix(index: Index, table: Table) -> str:
    """`ix_TABLE_COLUMNS`; what follows says the condition. An expression has no name to go by."""
    if index.is_primary:
        return f"pk_{table.name}"
    kind = "uq" if index.is_unique else "ix"
    named = index.columns[: index.columns.index("")] if "" in index.columns else index.columns
    return "_".join((kind, table.name, *named))
