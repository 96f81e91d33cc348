"""A row of each owner, to be locked by units that check several rows before they write."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import check, of_owner

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLE = "owner_positions"


def upgrade() -> None:
    """Nobody has a row yet: who locks it makes it where it is missing."""
    owner_id, reference = of_owner(TABLE, "The user whose tasks it guards")
    last, zero = "Number of the owner's last change", sa.text("0")
    op.create_table(
        TABLE,
        owner_id,
        sa.Column("position", sa.BigInteger(), server_default=zero, nullable=False, comment=last),
        sa.PrimaryKeyConstraint("owner_id", name=op.f(f"pk_{TABLE}")),
        reference,
        check(TABLE, "position_range", "position >= 0"),
        comment="A row of each owner to lock where one statement cannot check all that must hold",
    )


def downgrade() -> None:
    op.drop_table(TABLE)
