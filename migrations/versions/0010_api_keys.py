"""API keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.columns import actor, bounded_bytes, bounded_text, check, enumerated, of_account, timestamp

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLE = "api_keys"


def upgrade() -> None:
    user_id, reference = of_account(TABLE, "The account that calls with it")
    scopes = postgresql.ARRAY(enumerated("access_scope"))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False, comment="The key's id, part of its name and of its text"),
        user_id,
        bounded_text(TABLE, "display_name", 0, 200, "What it is for; may be empty"),
        bounded_bytes(TABLE, "token_hash", 32, 32, "SHA-256 of the key's secret"),
        sa.Column("scopes", scopes, nullable=False, comment="What a service may do with it"),
        timestamp(TABLE, "created_at", "When the key was made", default=True),
        actor("created_by", "Id of the account that made the key"),
        timestamp(TABLE, "last_use_at", "When it was last used, to about a minute"),
        timestamp(TABLE, "expire_at", "When it ends; NULL: never by itself"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        reference,
        check(TABLE, "scopes_size", "cardinality(scopes) <= 4 AND array_position(scopes, NULL) IS NULL"),
        comment="Secrets that programs call with, each with its scopes and its end",
    )
    op.create_index("ix_api_keys_user_id_id", TABLE, ["user_id", "id"])
    op.create_index("ix_api_keys_expire_at", TABLE, ["expire_at"], postgresql_where="expire_at IS NOT NULL")


def downgrade() -> None:
    op.drop_table(TABLE)
