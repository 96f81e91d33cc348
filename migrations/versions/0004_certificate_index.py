"""A service is found by a URI of its client certificate."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import drop_concurrently, index_concurrently

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = "ix_users_certificate_uris"


def upgrade() -> None:
    where = sa.text("deleted_at IS NULL AND certificate_uris <> '{}'")
    index_concurrently(NAME, "users", ["certificate_uris"], using="gin", where=where)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently(NAME, "users")
