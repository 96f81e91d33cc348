"""Erasing a person finds the stored answers that show accounts without reading all the others."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import drop_concurrently, index_concurrently

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "ix_requests_method_of_users"


def upgrade() -> None:
    where = sa.text("method LIKE 'taxiway.v1.UserService/%'")
    index_concurrently(NAME, "requests", ["method"], using="btree", where=where)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        drop_concurrently(NAME, "requests")
