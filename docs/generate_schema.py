"""Writes docs/schema.md from the metadata: tables, an ER diagram, and the reason of each index."""
# ruff: noqa: INP001 - the script stands beside what it writes; `docs` is no package.

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKeyConstraint, Index, Table
from sqlalchemy.dialects import postgresql

from persistence.models import Base
from persistence.models.task_order import INDEXED_ORDERS

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
    "ix_projects_owner_id_id_living": "ListProjects without `show_deleted`; a project that a task is put into lives.",
    "ix_projects_purge_at": "The purge finds the projects whose `purge_at` has passed; living ones are not in it.",
    "uq_tags_owner_id_key": "Every method that gives tags to a task, and UpdateTag: one tag of an owner for a key.",
    "ix_tasks_owner_id_id_deleted": "ListTasks with `show_deleted`: the deleted ones, to be merged with the living.",
    "ix_tasks_owner_id_state_id_living": "ListTasks filtered by `state`: the few open ones among many completed.",
    "ix_tasks_owner_id_project_id_id": "ListTasks of a project; DeleteProject; the reference to `projects`.",
    "ix_tasks_owner_id_parent_id_id": "ListTasks below a task; what `force` reaches; the reference to `tasks`.",
    "ix_tasks_owner_id_tags_living": "ListTasks filtered by a tag; ListTags with its counts; UpdateTag and DeleteTag.",
    "ix_tasks_owner_id_metadata_living": "ListTasks filtered by a key of `metadata` or its value.",
    "ix_tasks_owner_id_search_living": "SearchTasks; without the owner each search would grow with everybody's tasks.",
    "ix_tasks_owner_id_id_living": "ListTasks without `show_deleted`: a page reads no deleted row on its way.",
    "ix_tasks_purge_at": "The purge finds the tasks whose `purge_at` has passed; living ones are not in it.",
    "ix_requests_owner_ids": "EraseUser: what others were answered about the account and its tasks.",
    "ix_requests_created_at": "The purge finds outcomes older than 24 hours; BRIN, since rows come in order of time.",
}

REASONS |= {
    f"ix_tasks_owner_id_{'_'.join(order)}_id_{rows}": f"ListTasks by {' and '.join(order)}: the {rows} ones."
    for order in INDEXED_ORDERS
    for rows in ("living", "deleted")
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
        for name, referred in sorted((key.column_keys[-1], key.referred_table.name) for key in _references(table)):
            yield f'    {referred} ||--o{{ {table.name} : "{name}"'
    for table in tables:
        yield f"    {table.name} {{"
        yield from (f"        {_type(column)} {column.name}{_marks(column)}" for column in table.columns)
        yield "    }"
    yield "```"


def _references(table: Table) -> list[ForeignKeyConstraint]:
    return list(table.foreign_key_constraints)


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
    led = sorted(key.referred_table.name for key in _references(table) if key.column_keys == columns[:1])
    also = f"; begins with the reference to `{led[0]}`, which the removal of a row there looks up here" if led else ""
    return f"| `{table.primary_key.name}` | {_listed(columns)} | Finds a row by its key{also}. |"


def _index(index: Index) -> str:
    options = index.dialect_options["postgresql"]
    kind = f" {options['using'].upper()}" if options["using"] else ""
    where = options["where"]
    condition = f" where `{where}`" if where is not None else ""
    # A name became its column when the index got its table.
    keys = [_key(cast("ColumnElement[Any]", part)) for part in index.expressions]
    on = f"{'unique ' if index.unique else ''}{_listed(keys)}{kind}{condition}"
    return f"| `{index.name}` | {on} | {REASONS[str(index.name)]} |"


def _key(part: ColumnElement[Any]) -> str:
    """A column's name, or an expression as the index has it."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so
    return str(part.compile(dialect=dialect, compile_kwargs={"include_table": False}))


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _type(column: Column[Any]) -> str:
    """PostgreSQL's name of the type, in one word."""
    text = column.type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it so
    return text.split(" COLLATE")[0].replace("TIMESTAMP WITH TIME ZONE", "timestamptz").lower()


def _shown_type(column: Column[Any]) -> str:
    return f"{_type(column)}{', may be NULL' if column.nullable else ''}{', generated' if column.computed else ''}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
