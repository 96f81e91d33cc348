"""Stored answers say whose rows their calls wrote. 0017 validates the constraint."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "owner_ids"
SIZE = "cardinality(owner_ids) <= 100 AND array_position(owner_ids, NULL) IS NULL"
COMMENT = "Ids of the accounts whose rows the call wrote: the answer goes when one of them is erased"


def upgrade() -> None:
    """Answers that are there already name nobody; they go within 24 hours, as all do."""
    owners: sa.Column[object] = sa.Column(
        NAME, postgresql.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False, comment=COMMENT
    )
    op.add_column("requests", owners)
    op.create_check_constraint(op.f("ck_requests_owner_ids_size"), "requests", SIZE, postgresql_not_valid=True)


def downgrade() -> None:
    op.drop_column("requests", NAME)
