"""Tasks are listed in the order of time, title, priority or due time, and by two of these."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import drop_concurrently, index_concurrently

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Tasks without a due time come last in both directions.
DUE_FIRST, DUE_LAST = (sa.text(f"coalesce(due_at, '{last}'::timestamptz)") for last in ("infinity", "-infinity"))
KEYS: dict[str, list[str | sa.TextClause]] = {
    "created_at": ["created_at"],
    "updated_at": ["updated_at"],
    "title": ["title"],
    "priority": ["priority"],
    "due_first": [DUE_FIRST],
    "due_last": [DUE_LAST],
    "priority_created_at": ["priority", "created_at"],
    "priority_updated_at": ["priority", "updated_at"],
    "priority_title": ["priority", "title"],
    "priority_due_first": ["priority", DUE_FIRST],
    "priority_due_last": ["priority", DUE_LAST],
}
SETS = {"living": sa.text("deleted_at IS NULL"), "deleted": sa.text("deleted_at IS NOT NULL")}


def upgrade() -> None:
    for order, keys in KEYS.items():
        for rows, where in SETS.items():
            index_concurrently(named(order, rows), "tasks", ["owner_id", *keys, "id"], where=where)


def named(order: str, rows: str) -> str:
    return f"ix_tasks_owner_id_{order}_id_{rows}"


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for order in KEYS:
            for rows in SETS:
                drop_concurrently(named(order, rows), "tasks")
