"""What happened to accounts and access, in a table that nobody changes."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import actor, bounded_text, enumerated, timestamp, whole_number

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLE = "audit_log"
EVENTS = (
    "SIGN_IN",
    "SIGN_IN_FAILED",
    "SIGN_OUT",
    "SESSION_REVOKED",
    "REFRESH_TOKEN_REUSED",
    "PASSWORD_CHANGED",
    "PASSWORD_SET",
    "PASSWORD_RESET_CREATED",
    "AUTHENTICATION_FAILED",
    "PERMISSION_DENIED",
    "USER_CREATED",
    "USER_UPDATED",
    "USER_ROLE_CHANGED",
    "USER_SUSPENDED",
    "USER_REACTIVATED",
    "USER_DELETED",
    "USER_UNDELETED",
    "USER_IMPORTED",
    "USER_EXPORTED",
    "USER_ERASED",
    "API_KEY_CREATED",
    "API_KEY_REVOKED",
    "SIGNING_KEYS_ROTATED",
    "ADMINISTRATOR_CREATED",
    "TOKEN_MINTED",
    "SECRET_KEYS_ROTATED",
    "USER_PURGED",
)
# The retention, 365 days, is that of the purge (persistence/purge.py).
REFUSE = """
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'audit_log is append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$
"""
TRIGGERS = {
    "refuse_change": "BEFORE UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT",
    "refuse_deletion": "BEFORE DELETE ON audit_log FOR EACH ROW WHEN (OLD.created_at >= now() - interval '365 days')",
}


def upgrade() -> None:
    op.execute(f"CREATE TYPE audit_event AS ENUM ({', '.join(repr(event) for event in EVENTS)})")
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False, comment="Version 7, made by the database's clock"),
        timestamp(TABLE, "created_at", "When it happened, or happened first", default=True),
        sa.Column("event", enumerated("audit_event"), nullable=False, comment="What happened"),
        actor("actor_id", "Who did it; NULL where nobody is known", nullable=True),
        actor("subject_id", "The account that it was done to", nullable=True),
        actor("object_id", "The session, key or other thing that it was about", nullable=True),
        bounded_text(TABLE, "method", 0, 200, "Full name of the method; empty at the command line"),
        bounded_text(TABLE, "reason", 0, 64, "Why it was refused, in one word; empty where it was not"),
        occurrences(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        comment="What happened to accounts and access; append-only for 365 days",
    )
    op.create_index("ix_audit_log_created_at", TABLE, ["created_at"], postgresql_using="brin")
    op.create_index("ix_audit_log_subject_id_id", TABLE, ["subject_id", "id"])
    op.create_index("ix_audit_log_actor_id_id", TABLE, ["actor_id", "id"])
    make_append_only()


def occurrences() -> sa.Column[int]:
    comment = "How often it happened; refusals of one kind are gathered"
    return whole_number(TABLE, "occurrences", 1, 2_147_483_647, comment, default="1")


def make_append_only() -> None:
    op.execute(REFUSE)
    op.execute("COMMENT ON FUNCTION refuse_audit_change() IS 'Keeps audit_log append-only within its retention'")
    for name, when in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION refuse_audit_change()")


def downgrade() -> None:
    op.drop_table(TABLE)
    op.execute("DROP FUNCTION refuse_audit_change()")
    op.execute("DROP TYPE audit_event")
