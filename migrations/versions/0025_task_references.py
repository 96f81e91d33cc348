"""The project and the parent of a task are there, and its owner's. 0026 validates the references.

The indexes of 0024 come before them: whatever removes a task or a project looks up who refers to it.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

REFERENCES = {"project_id": "projects", "parent_id": "tasks"}


def upgrade() -> None:
    for column, table in REFERENCES.items():
        op.create_foreign_key(
            named(column),
            "tasks",
            table,
            ["owner_id", column],
            ["owner_id", "id"],
            ondelete="RESTRICT",
            postgresql_not_valid=True,
        )


def named(column: str) -> str:
    return op.f(f"fk_tasks_owner_id_{column}")


def downgrade() -> None:
    for column in REFERENCES:
        op.drop_constraint(named(column), "tasks", type_="foreignkey")
