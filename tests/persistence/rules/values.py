"""R3, R6, R7: what every row carries, what a value may be, and how sets, lists and free data are kept."""

import re
from collections.abc import Iterator

from tests.persistence.rules.keys import BOOKKEEPING, SECRETS_OF_AN_ACCOUNT
from tests.persistence.rules.schema import Column, Schema, Table

TIMESTAMP = "timestamp with time zone"
BUMP_VERSION = "BEFORE UPDATE FOR EACH ROW bump_version"
WRITTEN = {  # name: type, nullable, default
    "created_at": (TIMESTAMP, False, "now()"),
    "updated_at": (TIMESTAMP, False, "now()"),
    "version": ("bigint", False, "1"),
    "created_by": ("uuid", False, None),
    "updated_by": ("uuid", False, None),
}
SOFTLY_DELETED = {"deleted_at": (TIMESTAMP, True, None), "purge_at": (TIMESTAMP, True, None)}
# One tells how often and until when, and not who was there when; the other one is a number and a lock.
UNDATED = {"sign_in_attempts", "owner_positions"}
NUMBERS = {"smallint", "integer", "bigint", "numeric", "real", "double precision"}
RANGED = NUMBERS | {TIMESTAMP, "timestamp", "date"}
COUNTED_BY_A_TRIGGER = {"version", "position"}


def r3_what_every_row_carries(schema: Schema) -> Iterator[str]:
    """When and by whom it was made and changed, how often, and, where deletion is soft, when it was deleted."""
    for table in schema.tables.values():
        resource = table.primary_key[-1:] == ("id",) and not _is_written_once(table)
        expected = WRITTEN if resource else {}
        if _is_written_once(table) and table.name not in UNDATED:
            expected = {"created_at": WRITTEN["created_at"]}
        if SOFTLY_DELETED.keys() & table.columns.keys():
            expected = expected | SOFTLY_DELETED
        for name, wanted in expected.items():
            column = table.columns.get(name)
            if column is None:
                yield f"{table.name} has no {name}"
            elif (column.type, column.nullable, column.default) != wanted:
                yield f"{table.name}.{name} is {(column.type, column.nullable, column.default)}"
        if resource and table.triggers is not None and BUMP_VERSION not in table.triggers:
            yield f"{table.name} has no trigger that counts versions"


def _is_written_once(table: Table) -> bool:
    """Secrets and lines of a log are made and removed; what else is written there is no version of them."""
    return table.name in BOOKKEEPING.keys() | SECRETS_OF_AN_ACCOUNT or table.name.endswith("_log")


def r6_bounds(schema: Schema) -> Iterator[str]:
    """Every text, run of bytes and array has a length, every number and every timestamp a range, in a CHECK."""
    for table in schema.tables.values():
        for column in table.columns.values():
            if (column.is_text or column.kind == "bytea") and "high" not in sides(table, _length(column)):
                yield f"{table.name}.{column.name} has no length"
            if column.type.endswith("[]") and "high" not in sides(table, rf"cardinality\(\(?{column.name}\)?\)"):
                yield f"{table.name}.{column.name} has no length"
            wanted = {"low"} if column.name in COUNTED_BY_A_TRIGGER else {"low", "high"}
            if column.kind in RANGED and not wanted <= sides(table, rf'\(?"?{column.name}"?\)?'):
                yield f"{table.name}.{column.name} has no range"


def _length(column: Column) -> str:
    return rf"(?:char_length|octet_length)\(\(?{column.name}\)?(?:::text\))?\)?"


def sides(table: Table, expression: str) -> set[str]:
    """Whether the checks of the table bound the expression (a pattern) by constants from below and from above."""
    constant = r"\s*\(?(?:-?\d|')"
    found: set[str] = set()
    for check in table.checks:
        compared = rf"(?<![\w.]){expression}\s*"
        found |= {"low"} if re.search(compared + r"(?:>=?|=|BETWEEN\b)" + constant, check.condition) else set()
        found |= {"high"} if re.search(compared + r"(?:<=?|=|BETWEEN\b)" + constant, check.condition) else set()
    return found


def r7_sets_lists_and_free_data(schema: Schema) -> Iterator[str]:
    """Fixed sets are native enums, free data is JSONB that is checked, lists are arrays."""
    for table in schema.tables.values():
        for column in table.columns.values():
            yield from _kind_faults(table, column)


def _kind_faults(table: Table, column: Column) -> Iterator[str]:
    place = f"{table.name}.{column.name}"
    conditions = " ".join(check.condition for check in table.checks)
    listed = rf"(?<!\w){column.name}\)?(?:::text)?\)?\s*(?:IN\s*\(|= ANY)"
    if column.is_text and re.search(listed, conditions):
        yield f"{place} is a fixed set without an enum"
    if column.type in {"json", "hstore", "xml"}:
        yield f"{place} is {column.type} and not jsonb"
    if column.type == "jsonb":
        yield from _jsonb_faults(table, column, conditions)


def _jsonb_faults(table: Table, column: Column, conditions: str) -> Iterator[str]:
    """GIN where a query looks inside, and there alone (docs/decisions/0003)."""
    place = f"{table.name}.{column.name}"
    kind = re.search(rf"jsonb_typeof\({column.name}\) = '(\w+)'", conditions)
    if kind is None:
        yield f"{place} may be any JSON"
    elif kind[1] == "array":
        yield f"{place} is a list without an array type"
    indexed = any(index.method == "gin" and column.name in index.columns for index in table.indexes)
    if column.filterable != indexed:
        yield f"{place} is {'filterable without' if column.filterable else 'not filterable and has'} GIN"
