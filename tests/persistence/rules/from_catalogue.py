"""Reads a schema from PostgreSQL's own catalogue."""

import re
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.persistence.rules.schema import Check, Column, ForeignKey, Index, Schema, Table

# Alembic's own table follows Alembic's rules.
_TABLES = (
    "c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"
)
_NAMES = f"SELECT c.relname AS table, obj_description(c.oid, 'pg_class') AS comment FROM pg_class c WHERE {_TABLES}"
_COLUMNS = f"""
SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
  NOT a.attnotnull AS nullable,
  pg_get_expr(d.adbin, d.adrelid) AS default, l.collname AS collation, col_description(c.oid, a.attnum) AS comment,
  t.typtype = 'e' AS is_enum, a.attgenerated <> '' AS is_generated
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE {_TABLES} ORDER BY c.relname, a.attnum"""
_CONSTRAINTS = f"""
SELECT c.relname AS table, k.conname AS name, k.contype::text AS kind, pg_get_constraintdef(k.oid) AS condition,
  f.relname AS target, k.confdeltype::text AS on_delete,
  (SELECT array_agg(a.attname::text ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY AS p(number, place)
   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number) AS columns
FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE {_TABLES} AND k.contype IN ('c', 'f')"""
_INDEXES = f"""
SELECT c.relname AS table, n.relname AS name, m.amname AS method, pg_get_expr(i.indpred, i.indrelid) AS condition,
  i.indisunique AS is_unique, i.indisprimary AS is_primary,
  (SELECT array_agg(coalesce(a.attname::text, '') ORDER BY p.place)
   FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS p(number, place)
   LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number AND p.number > 0
   WHERE p.place <= i.indnkeyatts) AS columns,
  (SELECT array_agg(pg_get_indexdef(i.indexrelid, place, true) ORDER BY place)
   FROM generate_series(1, i.indnkeyatts) AS place) AS keys
FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class n ON n.oid = i.indexrelid
  JOIN pg_am m ON m.oid = n.relam WHERE {_TABLES}"""
_TRIGGERS = f"""
SELECT c.relname AS table, p.proname AS function, pg_get_triggerdef(t.oid) AS definition
FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
  JOIN pg_proc p ON p.oid = t.tgfoid WHERE {_TABLES}"""
# Those of an extension are its own.
_FUNCTIONS = """
SELECT proname FROM pg_proc p WHERE pronamespace = current_schema()::regnamespace
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"""
_ON_DELETE = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}  # `a` is what stands for nothing


async def read(connection: AsyncConnection, filterable: Collection[tuple[str, str]] = ()) -> Schema:
    """The schema that comes first in the search path; `filterable` are the columns that the models declare so."""
    queries = {"columns": _COLUMNS, "constraints": _CONSTRAINTS, "indexes": _INDEXES, "triggers": _TRIGGERS}
    parts = {kind: await _by_table(connection, query) for kind, query in queries.items()}
    names = (await connection.execute(text(_NAMES))).all()
    tables = {
        row.table: _table(row, {kind: found[row.table] for kind, found in parts.items()}, filterable) for row in names
    }
    return Schema(tables, frozenset((await connection.scalars(text(_FUNCTIONS))).all()))


async def _by_table(connection: AsyncConnection, query: str) -> dict[str, list[Row[Any]]]:
    found = defaultdict(list)
    for row in await connection.execute(text(query)):
        found[row.table].append(row)
    return found


def _table(row: Row[Any], parts: dict[str, list[Row[Any]]], filterable: Collection[tuple[str, str]]) -> Table:
    keys = [part for part in parts["constraints"] if part.kind == "f"]
    return Table(
        name=row.table,
        comment=row.comment,
        columns={part.name: _column(part, filterable) for part in parts["columns"]},
        foreign_keys=tuple(
            ForeignKey(key.name, tuple(key.columns), key.target, _ON_DELETE.get(key.on_delete)) for key in keys
        ),
        checks=tuple(Check(part.name, part.condition) for part in parts["constraints"] if part.kind == "c"),
        indexes=tuple(_index(part) for part in parts["indexes"]),
        triggers=frozenset(_trigger(part) for part in parts["triggers"]),
    )


def _column(row: Row[Any], filterable: Collection[tuple[str, str]]) -> Column:
    return Column(
        name=row.name,
        type=row.type,
        nullable=row.nullable,
        default=row.default,
        collation=row.collation,
        comment=row.comment,
        is_enum=row.is_enum,
        is_generated=row.is_generated,
        filterable=(row.table, row.name) in filterable,
    )


def _index(row: Row[Any]) -> Index:
    columns, keys = tuple(row.columns), tuple(row.keys)
    return Index(row.name, columns, keys, row.method, row.condition, is_unique=row.is_unique, is_primary=row.is_primary)


def _trigger(row: Row[Any]) -> str:
    """Such as `BEFORE UPDATE FOR EACH ROW bump_version`."""
    timing = re.sub(r"^CREATE (?:CONSTRAINT )?TRIGGER \S+ ", "", str(row.definition))
    event, _, rest = timing.partition(" ON ")
    level = "FOR EACH ROW" if " FOR EACH ROW " in rest else "FOR EACH STATEMENT"
    return f"{event} {level} {row.function}"
