"""Writes docs/schema.md from the metadata: tables, an ER diagram, and the reason of each index."""
# ruff: noqa: INP001 - the script stands beside what it writes; `docs` is no package.

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Table
from sqlalchemy.dialects import postgresql

from persistence.models import Base

DOCUMENT = Path(__file__).with_name("schema.md")

# Why each index is there (R8: none that no query uses). What primary keys are for, the metadata says itself.
REASONS = {
    "uq_users_email_key": "CreateUser, UpdateUser and UndeleteUser: one living account for a mail address.",
    "uq_users_username_key": "CreateUser, UpdateUser and UndeleteUser: one living account for a user name.",
    "ix_users_id_living": "ListUsers without `show_deleted`: a page reads no deleted row on its way.",
    "ix_users_purge_at": "The purge finds the accounts whose `purge_at` has passed; living ones are not in it.",
    "ix_users_certificate_uris": "A call with a client certificate: the service that has one of its URIs.",
    "ix_tasks_id_owner_id": "GetTask and ListTasks of `users/-` with `show_deleted`: across owners, and only there.",
    "ix_tasks_id_owner_id_living": "ListTasks of `users/-`: a page reads no deleted row on its way.",
    "ix_sessions_user_id_id": "ListSessions; ends all sessions of an account.",
    "ix_sessions_idle_expire_at": "The purge finds the sessions that have ended.",
    "ix_api_keys_user_id_id": "ListApiKeys; removes all keys of an account.",
    "ix_api_keys_expire_at": "The purge finds keys that ended 30 days ago; those that never end are not in it.",
    "ix_password_resets_expire_at": "The purge finds the tokens that nobody used in time.",
    "uq_signing_keys_state": "One key signs and one is next, whatever rotations run at once.",
    "ix_sign_in_attempts_expire_at": "The purge finds the rows that may be forgotten.",
    "ix_audit_log_created_at": "The purge finds lines older than 365 days; BRIN, since rows come in order of time.",
    "ix_audit_log_subject_id_id": "ListAuditEvents of one account, newest first; ExportUserData.",
    "ix_audit_log_actor_id_id": "ExportUserData: what the account did to others.",
    "ix_access_changes_created_at": "Every worker asks for the last 20 seconds, four times a second; the purge.",
    "ix_tasks_owner_id_id_living": "ListTasks without `show_deleted`: a page reads no deleted row on its way.",
    "ix_tasks_purge_at": "The purge finds the tasks whose `purge_at` has passed; living ones are not in it.",
    "ix_requests_owner_ids": "EraseUser: what others were answered about the account and its tasks.",
    "ix_requests_created_at": "The purge finds outcomes older than 24 hours; BRIN, since rows come in order of time.",
}

_HEAD = """\
# Schema

Written by `docs/generate_schema.py` from the models in `persistence/models`: change those, not this file. A test finds
it out of date. Beside these tables stands `alembic_version`, one row with the number of the newest migration.

## Diagram
"""


def document() -> str:
    """The whole file. Raises KeyError for an index whose reason is missing above."""
    tables = list(Base.metadata.sorted_tables)
    return "\n".join([_HEAD, *_diagram(tables), *(line for table in tables for line in _section(table))]) + "\n"


def _diagram(tables: list[Table]) -> Iterator[str]:
    yield from ("```mermaid", "erDiagram")
    for table in tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            yield f'    {key.column.table.name} ||--o{{ {table.name} : "{key.parent.name}"'
    for table in tables:
        yield f"    {table.name} {{"
        yield from (f"        {_type(column)} {column.name}{_marks(column)}" for column in table.columns)
        yield "    }"
    yield "```"


def _marks(column: Column[Any]) -> str:
    marks = ", ".join(["PK"] * column.primary_key + ["FK"] * bool(column.foreign_keys))
    return f" {marks}" if marks else ""


def _section(table: Table) -> Iterator[str]:
    yield from ("", f"## {table.name}", "", f"{table.comment}.", "")
    yield from ("| Column | Type | Purpose |", "|---|---|---|")
    yield from (f"| `{column.name}` | {_shown_type(column)} | {column.comment} |" for column in table.columns)
    yield from ("", "| Index | On | Reason |", "|---|---|---|")
    yield _primary_key(table)
    yield from (_index(index) for index in sorted(table.indexes, key=lambda index: str(index.name)))
    yield from _rules(table)


def _rules(table: Table) -> Iterator[str]:
    """What holds between columns; the bounds of single columns stand in the contract."""
    conditions = sorted(str(found.sqltext) for found in table.constraints if isinstance(found, CheckConstraint))
    if conditions:
        yield from ("", "Between the columns of a row:", "")
        yield from (f"- `{condition}`" for condition in conditions)


def _primary_key(table: Table) -> str:
    columns = [column.name for column in table.primary_key.columns]
    led = sorted({key.column.table.name for key in table.foreign_keys if key.parent.name == columns[0]})
    also = f"; begins with the reference to `{led[0]}`, which the removal of a row there looks up here" if led else ""
    return f"| `{table.primary_key.name}` | {_listed(columns)} | Finds a row by its key{also}. |"


def _index(index: Index) -> str:
    options = index.dialect_options["postgresql"]
    kind = f" {options['using'].upper()}" if options["using"] else ""
    where = options["where"]
    condition = f" where `{where}`" if where is not None else ""
    on = f"{'unique ' if index.unique else ''}{_listed([column.name for column in index.columns])}{kind}{condition}"
    return f"| `{index.name}` | {on} | {REASONS[str(index.name)]} |"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _type(column: Column[Any]) -> str:
    """PostgreSQL's name of the type, in one word."""
    text = column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so
    return text.split(" COLLATE")[0].replace("TIMESTAMP WITH TIME ZONE", "timestamptz").lower()


def _shown_type(column: Column[Any]) -> str:
    return f"{_type(column)}{', may be NULL' if column.nullable else ''}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
