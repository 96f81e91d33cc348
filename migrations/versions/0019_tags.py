"""Names and colours of tags."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import bounded_text, color, count_versions, of_owner, versioned

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "tags"
KEY = "The tag without case (NFKC, casefold) and without white space to spare; unique below its owner"


def upgrade() -> None:
    owner_id, reference = of_owner(TABLE, "The user whose tag it is")
    op.create_table(
        TABLE,
        owner_id,
        sa.Column("id", sa.Uuid(), nullable=False, comment="The tag's id, unique below its owner"),
        bounded_text(TABLE, "key", 1, 60, KEY),
        bounded_text(TABLE, "display_name", 1, 60, "Name shown to people, as it was given"),
        color(TABLE, "Colour it is shown in"),
        *versioned(TABLE),
        sa.PrimaryKeyConstraint("owner_id", "id", name=op.f(f"pk_{TABLE}")),
        reference,
        comment="Names and colours of tags; made when a task first has the tag",
    )
    op.create_index("uq_tags_owner_id_key", TABLE, ["owner_id", "key"], unique=True)
    count_versions(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
