"""The constraints of 0002, 0003 and 0005 hold of every account: looked at without keeping anybody waiting."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAMES = (
    "erased_at_range",
    "erased_is_deleted",
    "scopes_size",
    "certificate_uris_size",
    "scopes_of_services",
    "certificate_uris_of_services",
    "phone_number_length",
)


def upgrade() -> None:
    for name in NAMES:
        op.execute(f"ALTER TABLE users VALIDATE CONSTRAINT ck_users_{name}")


def downgrade() -> None:
    """A constraint that was found to hold needs no way back: 0005, 0003 and 0002 drop it."""
