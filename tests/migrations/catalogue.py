"""What a schema is made of, read from PostgreSQL's catalogue: two schemas are the same when these are equal."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Catalogue = dict[str, list[tuple[object, ...]]]

_SCHEMA = "current_schema()::regnamespace"
QUERIES = {
    "tables": f"SELECT relname, relkind, obj_description(oid, 'pg_class') FROM pg_class"
    f" WHERE relnamespace = {_SCHEMA} AND relkind NOT IN ('i', 't')",
    "columns": "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname,"
    " pg_get_expr(d.adbin, d.adrelid), a.attgenerated, col_description(c.oid, a.attnum) FROM pg_attribute a"
    " JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_collation l ON l.oid = a.attcollation"
    " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
    f" WHERE c.relnamespace = {_SCHEMA} AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped",
    "constraints": "SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid), convalidated"
    f" FROM pg_constraint WHERE connamespace = {_SCHEMA} AND contype <> 't'",  # those stand among the triggers
    "indexes": f"SELECT indexdef FROM pg_indexes WHERE schemaname::regnamespace = {_SCHEMA}",
    "enums": "SELECT t.typname, e.enumsortorder, e.enumlabel FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid"
    f" WHERE t.typnamespace = {_SCHEMA}",
    "functions": "SELECT proname, pg_get_functiondef(oid), obj_description(oid, 'pg_proc') FROM pg_proc"
    f" WHERE pronamespace = {_SCHEMA} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid"
    " AND d.deptype = 'e')",  # those of an extension are its own
    "triggers": "SELECT t.tgrelid::regclass::text, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled FROM pg_trigger t"
    f" JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = {_SCHEMA} AND NOT t.tgisinternal",
}


async def read(connection: AsyncConnection) -> Catalogue:
    """All of it, sorted, but for Alembic's own table."""
    found: Catalogue = {}
    for kind, query in QUERIES.items():
        rows = [tuple(row) for row in await connection.execute(text(query))]
        found[kind] = sorted((row for row in rows if "alembic_version" not in str(row)), key=repr)
    return found
