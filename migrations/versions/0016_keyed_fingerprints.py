"""Fingerprints of requests are keyed: what they were made of cannot be guessed from a copy of the table."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PLAIN = "SHA-256 of the method and the command as canonical JSON"
KEYED = "HMAC-SHA-256, by a key of the service, of the method and the command as canonical JSON"


def upgrade() -> None:
    op.execute(f"COMMENT ON COLUMN requests.fingerprint IS '{KEYED}'")


def downgrade() -> None:
    op.execute(f"COMMENT ON COLUMN requests.fingerprint IS '{PLAIN}'")
