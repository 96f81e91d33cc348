"""Administrators and services read tasks across their owners (`users/-`)."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import drop_concurrently, index_concurrently

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# `version >= 1` holds of every row: it keeps queries that do not say so, those of one owner, out of these indexes.
INDEXES = {
    "ix_tasks_id_owner_id": sa.text("version >= 1"),
    "ix_tasks_id_owner_id_living": sa.text("deleted_at IS NULL AND version >= 1"),
}


def upgrade() -> None:
    for name, where in INDEXES.items():
        index_concurrently(name, "tasks", ["id", "owner_id"], using="btree", where=where)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            drop_concurrently(name, "tasks")
