"""Who loses or gains rights is written down, by whatever hand, so that every worker learns of it at once."""

import sqlalchemy as sa
from alembic import op

from migrations.columns import check, timestamp

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLE = "access_changes"

# The triggers are deferred to the commit: a row is stamped when it is about to be seen, however long its transaction
# took before. They call this with the name of the column that holds the account, or with none for the signing keys.
NOTE = """
CREATE FUNCTION note_access_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account uuid := to_jsonb(coalesce(OLD, NEW)) ->> TG_ARGV[0];
BEGIN
    EXECUTE format('INSERT INTO %I.access_changes (user_id, created_at) VALUES ($1, clock_timestamp())',
        TG_TABLE_SCHEMA) USING account;
    RETURN NULL;
END
$$
"""
# TRUNCATE has no rows and cannot be deferred: whoever is in the table is written down beforehand.
NOTE_ALL = """
CREATE FUNCTION note_access_truncated() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %1$I.access_changes (user_id, created_at) SELECT DISTINCT %3$s, clock_timestamp()'
        ' FROM %1$I.%2$I', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_ARGV[0]);
    RETURN NULL;
END
$$
"""
CHANGED_USER = (
    "(OLD.role, OLD.state, OLD.deleted_at, OLD.scopes, OLD.certificate_uris)"
    " IS DISTINCT FROM (NEW.role, NEW.state, NEW.deleted_at, NEW.scopes, NEW.certificate_uris)"
)
CHANGED_KEY = "(OLD.scopes, OLD.expire_at, OLD.token_hash) IS DISTINCT FROM (NEW.scopes, NEW.expire_at, NEW.token_hash)"
# A session that ended by itself an hour ago has no access token that still holds: its removal is no news.
HELD = "OLD.idle_expire_at > now() - interval '1 hour'"
CHANGES = (  # table, trigger, event, condition, column
    ("users", "note_change", "UPDATE", CHANGED_USER, "id"),
    ("users", "note_deletion", "DELETE", "true", "id"),
    ("sessions", "note_deletion", "DELETE", HELD, "user_id"),
    ("api_keys", "note_change", "UPDATE", CHANGED_KEY, "user_id"),
    ("api_keys", "note_deletion", "DELETE", "true", "user_id"),
    ("signing_keys", "note_change", "INSERT OR UPDATE OR DELETE", "true", ""),
)
TRUNCATIONS = {"users": "id", "sessions": "user_id", "api_keys": "user_id", "signing_keys": "NULL::uuid"}


def upgrade() -> None:
    create_access_changes()
    op.execute(NOTE)
    op.execute(NOTE_ALL)
    purpose = "Writes down in access_changes whose rights changed"
    op.execute(f"COMMENT ON FUNCTION note_access_change() IS '{purpose}'")
    op.execute(f"COMMENT ON FUNCTION note_access_truncated() IS '{purpose}, before a TRUNCATE'")
    for table, name, event, condition, column in CHANGES:
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {name} AFTER {event} ON {table} DEFERRABLE INITIALLY DEFERRED"
            f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION note_access_change('{column}')"
        )
    for table, column in TRUNCATIONS.items():
        op.execute(
            f"CREATE TRIGGER note_truncation BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION note_access_truncated('{column}')"
        )


def create_access_changes() -> None:
    whose = "Whose account, sessions or API keys changed; NULL: the signing keys did"
    op.create_table(
        TABLE,
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=True),
            nullable=False,
            comment="A number; it says nothing about the order of commits",
        ),
        sa.Column("user_id", sa.Uuid(), nullable=True, comment=whose),
        timestamp(TABLE, "created_at", "When it changed: set by a trigger, as late as the commit allows", default=True),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        check(TABLE, "id_range", "id BETWEEN 1 AND 9223372036854775807"),
        comment="Whose rights changed of late; written by triggers, read by every worker four times a second",
    )
    op.create_index("ix_access_changes_created_at", TABLE, ["created_at"])


def downgrade() -> None:
    for table in TRUNCATIONS:
        op.execute(f"DROP TRIGGER note_truncation ON {table}")
    for table, name, *_ in CHANGES:
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.drop_table(TABLE)
    op.execute("DROP FUNCTION note_access_truncated()")
    op.execute("DROP FUNCTION note_access_change()")
