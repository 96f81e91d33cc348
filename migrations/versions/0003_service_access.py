"""Services have scopes, and client certificates by their URIs. 0006 validates the constraints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.columns import enumerated

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CHECKS = {
    "scopes_size": "cardinality(scopes) <= 4 AND array_position(scopes, NULL) IS NULL",
    "certificate_uris_size": "cardinality(certificate_uris) <= 10 AND array_position(certificate_uris, NULL) IS NULL"
    " AND octet_length(array_to_string(certificate_uris, '')) <= 20480",
    "scopes_of_services": "role = 'SERVICE' OR scopes = '{}'",
    "certificate_uris_of_services": "role = 'SERVICE' OR certificate_uris = '{}'",
}


def upgrade() -> None:
    op.execute("CREATE TYPE access_scope AS ENUM ('users.read', 'users.write', 'tasks.read', 'tasks.write')")
    scopes = postgresql.ARRAY(enumerated("access_scope"))
    uris = postgresql.ARRAY(sa.Text(collation="C"))
    add_list("scopes", scopes, "What a service may do")
    add_list("certificate_uris", uris, "URIs of the client certificates that a service calls with")
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_users_{name}"), "users", condition, postgresql_not_valid=True)


def add_list(name: str, kind: postgresql.ARRAY[str], comment: str) -> None:
    op.add_column("users", sa.Column(name, kind, server_default=sa.text("'{}'"), nullable=False, comment=comment))


def downgrade() -> None:
    op.drop_column("users", "certificate_uris")
    op.drop_column("users", "scopes")
    op.execute("DROP TYPE access_scope")
