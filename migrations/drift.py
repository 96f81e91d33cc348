"""How a schema differs from the models, in sentences."""

from collections.abc import Iterable, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import Base

# What guards the audit log, and what tells the servers whose access changed. What counts versions is by the models.
GUARDS = {
    "audit_log": ("refuse_change", "refuse_deletion"),
    "users": ("note_change", "note_deletion", "note_truncation"),
    "sessions": ("note_deletion", "note_truncation"),
    "api_keys": ("note_change", "note_deletion", "note_truncation"),
    "signing_keys": ("note_change", "note_truncation"),
}
_WORKING = text(
    "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND pg_table_is_visible(c.oid)"
)


def sentences(differences: Iterable[object]) -> list[str]:
    """Alembic's differences (`command.check`): tuples, and lists of tuples for what changed in one column."""
    found: list[str] = []
    for difference in differences:
        if isinstance(difference, list):
            found += [_changed(change) for change in difference]
        elif isinstance(difference, tuple):
            found.append(_present_or_not(difference))
    return found


def _changed(change: Sequence[object]) -> str:
    """`(modify_nullable, schema, table, column, more, old, new)`"""
    what = str(change[0]).removeprefix("modify_")
    return f"{change[2]}.{change[3]}: {what} is {change[5]!r} and should be {change[6]!r}."


def _present_or_not(difference: Sequence[object]) -> str:
    """`(add_index, Index)`, `(remove_column, schema, table, Column)` and their kin."""
    verb, _, kind = str(difference[0]).partition("_")
    thing = next(part for part in difference[1:] if hasattr(part, "name"))
    table = getattr(thing, "table", None)
    name = str(getattr(thing, "name", "")) if table is None else f"{table.name}.{getattr(thing, 'name', '')}"
    if kind == "table_comment":
        return f"table {name} has another comment."
    return f"{kind} {name} is {'missing' if verb == 'add' else 'there and should not be'}."


async def triggers(connection: AsyncConnection) -> list[str]:
    """The triggers that are missing or disabled: Alembic does not look at any."""
    working = {(row.relname, row.tgname) for row in await connection.execute(_WORKING)}
    versioned = [(name, "bump_version") for name, table in Base.metadata.tables.items() if "version" in table.c]
    guards = [(table, trigger) for table, names in GUARDS.items() for trigger in names]
    missing = [pair for pair in (*versioned, *guards) if pair not in working]
    return [f"trigger {table}.{trigger} is missing or disabled." for table, trigger in missing]
