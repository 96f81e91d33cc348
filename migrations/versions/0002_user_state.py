"""Accounts can be suspended."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import enumerated

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    op.drop_column("users", "state")
    op.execute("DROP TYPE user_state")
