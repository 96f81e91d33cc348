"""The keys that sign access tokens."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import bounded_bytes, bounded_text, check, enumerated, timestamp

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLE = "signing_keys"


def upgrade() -> None:
    op.execute("CREATE TYPE signing_key_state AS ENUM ('NEXT', 'CURRENT', 'RETIRED')")
    state = enumerated("signing_key_state")
    op.create_table(
        TABLE,
        bounded_text(TABLE, "kid", 43, 43, "Thumbprint of the public key in base64url, the `kid` of tokens"),
        sa.Column("state", state, nullable=False, comment="Whether it will sign, signs, or has signed"),
        bounded_bytes(TABLE, "public_key", 32, 32, "The public half, raw"),
        bounded_bytes(TABLE, "private_key", 33, 512, "The private half, encrypted for this row"),
        timestamp(TABLE, "created_at", "When the key was made", default=True),
        timestamp(TABLE, "retired_at", "When it ceased to sign; NULL before"),
        sa.PrimaryKeyConstraint("kid", name=op.f(f"pk_{TABLE}")),
        check(TABLE, "retired_at_state", "(state = 'RETIRED') = (retired_at IS NOT NULL)"),
        comment="Keys that sign access tokens: the next one, the current one, and those that still verify",
    )
    op.create_index("uq_signing_keys_state", TABLE, ["state"], unique=True, postgresql_where="state <> 'RETIRED'")


def downgrade() -> None:
    op.drop_table(TABLE)
    op.execute("DROP TYPE signing_key_state")
