"""Tasks have a project, a parent, tags and metadata. 0025 adds the references, 0026 validates the constraints."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CHECKS = {
    "parent_is_another": "parent_id <> id",
    "tags_size": "cardinality(tags) <= 50 AND array_position(tags, NULL) IS NULL"
    " AND octet_length(array_to_string(tags, '')) <= 12000",
    "metadata_object": "jsonb_typeof(metadata) = 'object'",
    "metadata_size": "octet_length(metadata::text) <= 131072",
}
PROJECT = "The project that it belongs to, of the same owner"
PARENT = "The task that it is a part of, of the same owner"
TAGS = "Keys of its tags, sorted, each once; what else is known of a tag stands in the table tags"
METADATA = "Free data of the clients by key; validated by the schema"


def upgrade() -> None:
    """The defaults are constants: no row is written."""
    op.add_column("tasks", sa.Column("project_id", sa.Uuid(), nullable=True, comment=PROJECT))
    op.add_column("tasks", sa.Column("parent_id", sa.Uuid(), nullable=True, comment=PARENT))
    add_required("tags", postgresql.ARRAY(sa.Text(collation="C")), "'{}'", TAGS)
    add_required("metadata", postgresql.JSONB(), "'{}'::jsonb", METADATA)
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_tasks_{name}"), "tasks", condition, postgresql_not_valid=True)


def add_required(name: str, kind: sa.types.TypeEngine[Any], default: str, comment: str) -> None:
    op.add_column("tasks", sa.Column(name, kind, server_default=sa.text(default), nullable=False, comment=comment))


def downgrade() -> None:
    for name in ("metadata", "tags", "parent_id", "project_id"):
        op.drop_column("tasks", name)
