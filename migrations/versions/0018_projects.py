"""Projects."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import bounded_text, color, count_versions, of_owner, softly_deleted, versioned

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLE = "projects"


def upgrade() -> None:
    owner_id, reference = of_owner(TABLE, "The user whose project it is")
    put_away = "Whether it is put away; its tasks stay as they are"
    op.create_table(
        TABLE,
        owner_id,
        sa.Column("id", sa.Uuid(), nullable=False, comment="The project's id, unique below its owner"),
        bounded_text(TABLE, "display_name", 1, 200, "Name shown to people"),
        bounded_text(TABLE, "description", 0, 10_000, "What it is about; may be empty"),
        color(TABLE, "Colour it is shown in"),
        sa.Column("archived", sa.Boolean(), server_default=sa.text("false"), nullable=False, comment=put_away),
        *versioned(TABLE),
        *softly_deleted(TABLE),
        sa.PrimaryKeyConstraint("owner_id", "id", name=op.f(f"pk_{TABLE}")),
        reference,
        comment="Groups of tasks of one owner",
    )
    living, deleted = sa.text("deleted_at IS NULL"), sa.text("deleted_at IS NOT NULL")
    op.create_index("ix_projects_owner_id_id_living", TABLE, ["owner_id", "id"], postgresql_where=living)
    op.create_index("ix_projects_purge_at", TABLE, ["purge_at"], postgresql_where=deleted)
    count_versions(TABLE)


def downgrade() -> None:
    op.drop_table(TABLE)
