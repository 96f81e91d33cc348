"""Sessions, each with the one refresh token that goes on."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import bounded_bytes, bounded_text, check, of_account, timestamp

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "sessions"


def upgrade() -> None:
    user_id, reference = of_account(TABLE, "The account that signed in")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False, comment="The session's id, part of its name"),
        user_id,
        *tokens(),
        bounded_text(TABLE, "user_agent", 0, 200, "What the client calls itself"),
        bounded_text(TABLE, "peer", 0, 64, "The address that the session was last used from"),
        *times(),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        reference,
        check(TABLE, "idle_within_absolute", "idle_expire_at <= expire_at"),
        check(TABLE, "spent_parent_exists", "NOT parent_spent OR parent_hash IS NOT NULL"),
        comment="Who is signed in, from where, and until when",
    )
    op.create_index("ix_sessions_user_id_id", TABLE, ["user_id", "id"])
    op.create_index("ix_sessions_idle_expire_at", TABLE, ["idle_expire_at"])


def tokens() -> tuple[sa.Column[bytes], sa.Column[bytes], sa.Column[bool]]:
    newest, parent = "SHA-256 of the newest refresh token's secret", "that the newest one came from"
    return (
        bounded_bytes(TABLE, "token_hash", 32, 32, newest),
        bounded_bytes(TABLE, "parent_hash", 32, 32, f"SHA-256 of the secret of the token {parent}", nullable=True),
        sa.Column(
            "parent_spent",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="Whether the parent was used a second time, which is the last",
        ),
    )


def times() -> tuple[sa.Column[object], ...]:
    idle = "When it ends unless it is refreshed before; never after expire_at"
    return (
        timestamp(TABLE, "created_at", "When the account signed in", default=True),
        timestamp(TABLE, "last_use_at", "When it was last used, to about a minute", default=True),
        timestamp(TABLE, "idle_expire_at", idle, required=True),
        timestamp(TABLE, "expire_at", "When it ends in any case", required=True),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
