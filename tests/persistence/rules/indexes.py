"""R8, the part that shows without data: indexes begin with the owner, keep to the living, and none is in vain."""

from collections.abc import Iterator

from tests.persistence.rules.schema import Index, Schema, Table

HOUSEKEEPING = {"purge_at", "created_at"}  # what the purge looks for, whoever owns it
ACROSS_OWNERS = ("id", "owner_id")  # what administrators and services read by (`users/-`)
ASKED_FOR_ITS_LAST_ROWS = {"access_changes"}  # four times a second, where BRIN would read all of a block range


def r8_indexes(schema: Schema) -> Iterator[str]:
    for table in schema.tables.values():
        for index in table.indexes:
            by_owner = index.columns[0] in {"owner_id", *HOUSEKEEPING} or index.columns == ACROSS_OWNERS
            if table.is_owned and not by_owner:
                yield f"{index.name} does not begin with owner_id"
            if index.columns == ("version",):
                yield f"{index.name} serves no query"
            yield from _time_faults(table, index)
            yield from (
                f"{index.name} is the beginning of {other.name}" for other in table.indexes if _is_within(index, other)
            )
        if "deleted_at" in table.columns and not any(_lists_the_living(table, index) for index in table.indexes):
            yield f"{table.name} has no index of the living"


def _time_faults(table: Table, index: Index) -> Iterator[str]:
    append_only = "created_at" in table.columns and "updated_at" not in table.columns
    append_only = append_only and table.name not in ASKED_FOR_ITS_LAST_ROWS
    if append_only and index.columns == ("created_at",) and index.method != "brin":
        yield f"{index.name} is no BRIN"


def _is_within(index: Index, other: Index) -> bool:
    """Another index of the same rows does all that this one does. A unique one does more than it shows."""
    same_rows = (index.condition, index.method) == (other.condition, other.method)
    begins = other.keys[: len(index.keys)] == index.keys
    return index.name != other.name and not index.is_unique and same_rows and begins


def _lists_the_living(table: Table, index: Index) -> bool:
    return index.only_living and not index.is_unique and index.columns[: len(table.primary_key)] == table.primary_key
