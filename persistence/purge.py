"""Removes for good what has passed its time: deleted resources, outcomes, sessions and tokens, and old log lines."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.repositories.audit_log import NEW_ID

BATCH = 1000  # rows of one transaction: its locks are short, and an interrupted purge loses little
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('taxiway.purge'))")

# What goes with its user locks the user, so that an undelete that is about to commit is waited for; it is found by its
# place in the table, since by its key the planner would rather read the whole table once, and a row that moved
# meanwhile waits for the next batch.
_OF_PURGED_USERS = """
        DELETE FROM {table} WHERE ctid = ANY (ARRAY(
            SELECT r.ctid FROM users u
            CROSS JOIN LATERAL (SELECT ctid FROM {table} t WHERE {user} = u.id{also} LIMIT :batch) r
            WHERE u.deleted_at IS NOT NULL AND u.purge_at <= now() LIMIT :batch FOR SHARE OF u))"""
# Of a tree the leaves go first, and what is a leaf then in the next batch.
_NO_CHILD = " AND NOT EXISTS (SELECT FROM tasks c WHERE c.owner_id = t.owner_id AND c.parent_id = t.id)"
_NO_TASK = " AND NOT EXISTS (SELECT FROM tasks c WHERE c.owner_id = t.owner_id AND c.project_id = t.id)"


def _of_purged_users(table: str, user: str = "owner_id", also: str = "") -> str:
    return _OF_PURGED_USERS.format(table=table, user=user, also=also)


def _deleted(table: str, also: str) -> str:
    """A row is looked at again when it is deleted, so that an undelete in between is kept."""
    return f"""
        DELETE FROM {table} WHERE (owner_id, id) IN (
            SELECT owner_id, id FROM {table} t WHERE deleted_at IS NOT NULL AND purge_at <= now(){also} LIMIT :batch
        ) AND purge_at <= now()"""  # noqa: S608 - constants of ours


# Children before parents. The account itself leaves a line in the audit log.
_STATEMENTS = {
    "requests": """
        DELETE FROM requests WHERE (caller_id, request_id) IN (
            SELECT caller_id, request_id FROM requests WHERE created_at < now() - interval '24 hours' LIMIT :batch)""",
    "requests of purged users": _of_purged_users("requests", "caller_id"),
    "tasks": _deleted("tasks", _NO_CHILD),
    "tasks of purged users": _of_purged_users("tasks", also=_NO_CHILD),
    "projects": _deleted("projects", _NO_TASK),
    "projects of purged users": _of_purged_users("projects", also=_NO_TASK),
    "tags of purged users": _of_purged_users("tags"),
    "owner_positions of purged users": _of_purged_users("owner_positions"),
    "sessions": """
        DELETE FROM sessions WHERE id IN (
            SELECT id FROM sessions WHERE idle_expire_at <= now() LIMIT :batch
        ) AND idle_expire_at <= now()""",
    "password_resets": """
        DELETE FROM password_resets WHERE user_id IN (
            SELECT user_id FROM password_resets WHERE expire_at <= now() LIMIT :batch
        ) AND expire_at <= now()""",
    "api_keys": """
        DELETE FROM api_keys WHERE id IN (
            SELECT id FROM api_keys WHERE expire_at <= now() - interval '30 days' LIMIT :batch)""",
    "sign_in_attempts": """
        DELETE FROM sign_in_attempts WHERE key IN (
            SELECT key FROM sign_in_attempts WHERE expire_at <= now() LIMIT :batch
        ) AND expire_at <= now()""",
    "signing_keys": """
        DELETE FROM signing_keys WHERE kid IN (
            SELECT kid FROM signing_keys WHERE retired_at <= now() - interval '1 hour' LIMIT :batch)""",
    "access_changes": """
        DELETE FROM access_changes WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM access_changes WHERE created_at < now() - interval '1 hour' LIMIT :batch))""",
    "audit_log": """
        DELETE FROM audit_log WHERE id IN (
            SELECT id FROM audit_log WHERE created_at < now() - interval '365 days' LIMIT :batch)""",
    "users": f"""
        WITH gone AS (
            DELETE FROM users WHERE id IN (
                SELECT id FROM users u WHERE deleted_at IS NOT NULL AND purge_at <= now()
                AND NOT EXISTS (SELECT FROM tasks t WHERE t.owner_id = u.id)
                AND NOT EXISTS (SELECT FROM projects p WHERE p.owner_id = u.id)
                AND NOT EXISTS (SELECT FROM tags t WHERE t.owner_id = u.id)
                AND NOT EXISTS (SELECT FROM owner_positions o WHERE o.owner_id = u.id) LIMIT :batch
            ) AND purge_at <= now() RETURNING id
        )
        INSERT INTO audit_log (id, event, subject_id, method, reason)
        SELECT {NEW_ID}, 'USER_PURGED', gone.id, '', '' FROM gone""",  # noqa: S608 - a constant of ours
}


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows each step removed."""

    rows: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


async def purge(engine: AsyncEngine) -> Purged:
    """Removes all that is due, a transaction for each batch. Where another worker is at it nothing is removed here."""
    return Purged({step: await _remove(engine, statement) for step, statement in _STATEMENTS.items()})


async def _remove(engine: AsyncEngine, statement: str) -> int:
    """Until there is nothing left to remove: a batch that is not full may have made leaves for the next one."""
    removed = 0
    while count := await _remove_batch(engine, statement):
        removed += count
    return removed


async def _remove_batch(engine: AsyncEngine, statement: str) -> int:
    async with engine.begin() as connection:
        if not (await connection.execute(_LOCK)).scalar_one():
            return 0
        result: Any = await connection.execute(text(statement), {"batch": BATCH})
        return int(result.rowcount)
