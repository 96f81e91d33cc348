"""Passwords, and the tokens that set one."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import actor, bounded_bytes, bounded_text, of_account, timestamp

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_credentials()
    create_password_resets()


def create_credentials() -> None:
    table = "credentials"
    user_id, reference = of_account(table, "Whose password it is")
    purpose = "argon2id with its parameters and salt; another kind only after an import"
    op.create_table(
        table,
        user_id,
        bounded_text(table, "password_hash", 1, 512, purpose),
        timestamp(table, "created_at", "When the account got its first password", default=True),
        timestamp(table, "updated_at", "When the hash was last written", default=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f(f"pk_{table}")),
        reference,
        comment="Passwords of accounts, hashed",
    )


def create_password_resets() -> None:
    table = "password_resets"
    user_id, reference = of_account(table, "Whose password may be set")
    op.create_table(
        table,
        user_id,
        bounded_bytes(table, "token_hash", 32, 32, "SHA-256 of the token's secret"),
        timestamp(table, "expire_at", "Until when the token sets a password", required=True),
        timestamp(table, "created_at", "When the token was made", default=True),
        actor("created_by", "Id of the account that asked for the token"),
        sa.PrimaryKeyConstraint("user_id", name=op.f(f"pk_{table}")),
        reference,
        comment="One-time tokens that set a password; a new one takes the place of the old one",
    )
    op.create_index("ix_password_resets_expire_at", table, ["expire_at"])


def downgrade() -> None:
    op.drop_table("password_resets")
    op.drop_table("credentials")
