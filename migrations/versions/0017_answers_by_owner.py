"""Erasing a person finds the stored answers about it without reading all the others."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import drop_concurrently, index_concurrently

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NAME = "ix_requests_owner_ids"


def upgrade() -> None:
    op.execute("ALTER TABLE requests VALIDATE CONSTRAINT ck_requests_owner_ids_size")
    index_concurrently(NAME, "requests", ["owner_ids"], using="gin", where=sa.text("owner_ids <> '{}'"))


def downgrade() -> None:
    """A constraint that was found to hold needs no way back: 0015 drops it."""
    with op.get_context().autocommit_block():
        drop_concurrently(NAME, "requests")
