"""Accounts can be suspended, and erased. 0006 validates the constraints."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import EARLIEST, LATEST, enumerated

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CHECKS = {
    "erased_at_range": f"erased_at BETWEEN '{EARLIEST}' AND '{LATEST}'",
    "erased_is_deleted": "erased_at IS NULL OR deleted_at IS NOT NULL",
}


def upgrade() -> None:
    op.execute("CREATE TYPE user_state AS ENUM ('ACTIVE', 'SUSPENDED')")
    op.add_column(
        "users",
        sa.Column(
            "state",
            enumerated("user_state"),
            server_default=sa.text("'ACTIVE'"),
            nullable=False,
            comment="Whether the account may call; one that is suspended may not",
        ),
    )
    comment = "When its data was erased: it is not undeleted any more; NULL as a rule"
    op.add_column("users", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True, comment=comment))
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_users_{name}"), "users", condition, postgresql_not_valid=True)


def downgrade() -> None:
    op.drop_column("users", "erased_at")
    op.drop_column("users", "state")
    op.execute("DROP TYPE user_state")
