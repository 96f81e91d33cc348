"""Tasks are found by state, project, parent, tag, metadata and word; deleted ones by their owner alone."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import drop_concurrently, index_concurrently

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")
DELETED = sa.text("deleted_at IS NOT NULL")
HAS_PARENT = sa.text("parent_id IS NOT NULL")
INDEXES: dict[str, tuple[list[str], str, sa.TextClause | None]] = {
    "ix_tasks_owner_id_id_deleted": (["owner_id", "id"], "btree", DELETED),
    "ix_tasks_owner_id_state_id_living": (["owner_id", "state", "id"], "btree", LIVING),
    "ix_tasks_owner_id_project_id_id": (["owner_id", "project_id", "id"], "btree", None),
    "ix_tasks_owner_id_parent_id_id": (["owner_id", "parent_id", "id"], "btree", HAS_PARENT),
    "ix_tasks_owner_id_tags_living": (["owner_id", "tags"], "gin", LIVING),
    "ix_tasks_owner_id_metadata_living": (["owner_id", "metadata"], "gin", LIVING),
    "ix_tasks_owner_id_search_living": (["owner_id", "search"], "gin", LIVING),
}


def upgrade() -> None:
    for name, (columns, method, where) in INDEXES.items():
        index_concurrently(name, "tasks", columns, using=method, where=where)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            drop_concurrently(name, "tasks")
