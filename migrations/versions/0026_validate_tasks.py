"""The constraints of 0021 and 0025 hold of every task: looked at without keeping anybody waiting."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NAMES = (
    "ck_tasks_parent_is_another",
    "ck_tasks_tags_size",
    "ck_tasks_metadata_object",
    "ck_tasks_metadata_size",
    "fk_tasks_owner_id_project_id",
    "fk_tasks_owner_id_parent_id",
)


def upgrade() -> None:
    for name in NAMES:
        op.execute(f"ALTER TABLE tasks VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    """A constraint that was found to hold needs no way back: 0025 and 0021 drop it."""
