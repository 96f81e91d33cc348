"""How often passwords were tried."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import bounded_bytes, timestamp, whole_number

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLE = "sign_in_attempts"


def upgrade() -> None:
    whose = "Keyed hash of what was typed as the account, of the source, or of both"
    known = "Until when this source has an allowance of its own for this account"
    op.create_table(
        TABLE,
        bounded_bytes(TABLE, "key", 32, 32, whose),
        whole_number(TABLE, "failures", 0, 1_000_000, "Attempts that were counted since the last success"),
        timestamp(TABLE, "blocked_until", "Until when no attempt is counted and none verified", required=True),
        timestamp(TABLE, "known_until", known),
        timestamp(TABLE, "expire_at", "When the row may be forgotten", required=True),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{TABLE}")),
        comment="How often passwords were tried; no row says for whom",
    )
    op.create_index("ix_sign_in_attempts_expire_at", TABLE, ["expire_at"])


def downgrade() -> None:
    op.drop_table(TABLE)
