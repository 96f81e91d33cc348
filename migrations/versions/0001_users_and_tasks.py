"""The first schema: accounts, tasks, the outcomes of request ids, and the trigger that counts versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EARLIEST = "1970-01-01 00:00:00+00"
LATEST = "9000-12-31 23:59:59.999999+00"
LIVING = sa.text("deleted_at IS NULL")
DELETED = sa.text("deleted_at IS NOT NULL")
WITHOUT_CASE = "without case (NFKC, casefold); unique among the living"
VERSIONED_TABLES = ("users", "tasks")

# `*=` compares the rows byte by byte: 1 and 1.0 in JSONB are equal, and still another text for who reads them.
# In PL/pgSQL a stored generated column of NEW is NULL before it is computed: a table that gets one needs this function
# to set it aside, as it sets `updated_by` aside here.
BUMP_VERSION = """
CREATE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor uuid := NEW.updated_by;
BEGIN
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.updated_by := OLD.updated_by;
    IF NOT NEW *= OLD THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at);
        NEW.updated_by := actor;
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.execute("CREATE TYPE user_role AS ENUM ('USER', 'SERVICE', 'ADMIN')")
    op.execute("CREATE TYPE task_state AS ENUM ('OPEN', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED')")
    op.execute("CREATE TYPE task_priority AS ENUM ('LOW', 'MEDIUM', 'HIGH', 'URGENT')")
    create_users()
    create_tasks()
    create_requests()
    create_schema_compatibility()
    op.execute(BUMP_VERSION)
    op.execute(
        "COMMENT ON FUNCTION bump_version() IS 'Sets version and updated_at of a row that changed; who alone set"
        " updated_by changed nothing'"
    )
    for table in VERSIONED_TABLES:
        op.execute(f"CREATE TRIGGER bump_version BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION bump_version()")


def downgrade() -> None:
    for table in ("schema_compatibility", "requests", "tasks", "users"):
        op.drop_table(table)
    op.execute("DROP FUNCTION bump_version()")
    for name in ("task_priority", "task_state", "user_role"):
        op.execute(f"DROP TYPE {name}")


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False, comment="The user's id, part of its name"),
        bounded_text("users", "email", 3, 254, "Mail address as it was given", nullable=True),
        bounded_text("users", "email_key", 3, 1024, f"Mail address {WITHOUT_CASE}", nullable=True),
        bounded_text("users", "username", 1, 63, "User name as it was given"),
        bounded_text("users", "username_key", 1, 63, f"User name {WITHOUT_CASE}"),
        bounded_text("users", "display_name", 0, 200, "Name shown to people; may be empty"),
        bounded_text("users", "time_zone", 1, 64, "IANA time zone, such as Europe/Berlin"),
        sa.Column("role", enumerated("user_role"), nullable=False, comment="What kind of account it is"),
        sa.Column(
            "annotations",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Free key and value pairs of the clients; validated by the schema",
        ),
        *versioned("users"),
        *softly_deleted("users"),
        *authored(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        check("users", "annotations_object", "jsonb_typeof(annotations) = 'object'"),
        check("users", "annotations_size", "octet_length(annotations::text) <= 131072"),
        check("users", "person_has_email", "role = 'SERVICE' OR email IS NOT NULL"),
        check("users", "email_has_key", "(email IS NULL) = (email_key IS NULL)"),
        check("users", "deletion_is_whole", "(deleted_at IS NULL) = (purge_at IS NULL)"),
        comment="The accounts: people, services and administrators",
    )
    op.create_index("uq_users_email_key", "users", ["email_key"], unique=True, postgresql_where=LIVING)
    op.create_index("uq_users_username_key", "users", ["username_key"], unique=True, postgresql_where=LIVING)
    op.create_index("ix_users_id_living", "users", ["id"], postgresql_where=LIVING)
    op.create_index("ix_users_purge_at", "users", ["purge_at"], postgresql_where=DELETED)


def create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("owner_id", sa.Uuid(), nullable=False, comment="The user who does the task"),
        sa.Column("id", sa.Uuid(), nullable=False, comment="The task's id, unique below its owner"),
        bounded_text("tasks", "title", 1, 200, "One line that says what is to do"),
        bounded_text("tasks", "description", 0, 10_000, "The details; may be empty"),
        sa.Column(
            "state",
            enumerated("task_state"),
            server_default=sa.text("'OPEN'"),
            nullable=False,
            comment="How far the task is",
        ),
        sa.Column("priority", enumerated("task_priority"), nullable=False, comment="How much it matters"),
        timestamp("tasks", "due_at", "When it should be done"),
        timestamp("tasks", "start_at", "When it was started; cleared when reopened"),
        timestamp("tasks", "complete_at", "When it was completed; cleared when reopened"),
        *versioned("tasks"),
        *softly_deleted("tasks"),
        *authored(),
        sa.PrimaryKeyConstraint("owner_id", "id", name=op.f("pk_tasks")),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name=op.f("fk_tasks_owner_id"), ondelete="RESTRICT"),
        check("tasks", "complete_at_state", "(state = 'COMPLETED') = (complete_at IS NOT NULL)"),
        check("tasks", "start_at_state", "state <> 'OPEN' OR start_at IS NULL"),
        check("tasks", "deletion_is_whole", "(deleted_at IS NULL) = (purge_at IS NULL)"),
        comment="What is to do, by whom, and how far it is",
    )
    op.create_index("ix_tasks_owner_id_id_living", "tasks", ["owner_id", "id"], postgresql_where=LIVING)
    op.create_index("ix_tasks_purge_at", "tasks", ["purge_at"], postgresql_where=DELETED)


def create_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("caller_id", sa.Uuid(), nullable=False, comment="Id of the account that called"),
        sa.Column("request_id", sa.Uuid(), nullable=False, comment="The id that the caller chose"),
        bounded_text("requests", "method", 1, 200, "Full name of the method that was called"),
        sa.Column(
            "fingerprint",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the method and the command as canonical JSON",
        ),
        sa.Column(
            "answer",
            sa.LargeBinary(),
            nullable=True,
            comment="The encoded answer, encrypted; NULL only inside the transaction that works",
        ),
        timestamp("requests", "created_at", "When the id was claimed", default=True),
        sa.PrimaryKeyConstraint("caller_id", "request_id", name=op.f("pk_requests")),
        check("requests", "fingerprint_length", "octet_length(fingerprint) = 32"),
        check("requests", "answer_length", "octet_length(answer) <= 4194304"),
        comment="Outcomes of mutations by request id, kept for 24 hours",
    )
    op.create_index(
        "ix_requests_created_at",
        "requests",
        ["created_at"],
        postgresql_using="brin",
        postgresql_with={"autosummarize": True},
    )


def create_schema_compatibility() -> None:
    name = "schema_compatibility"
    purpose = "The oldest release that may run on this schema, raised by contracting migrations"
    op.create_table(
        name,
        sa.Column(
            "only_row",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="Always true: the table has one row",
        ),
        bounded_text(name, "oldest_release", 5, 32, purpose),
        sa.PrimaryKeyConstraint("only_row", name=op.f(f"pk_{name}")),
        check(name, "only_row", "only_row"),
        comment="Which releases of the service may run on this schema",
    )
    op.execute("INSERT INTO schema_compatibility (oldest_release) VALUES ('0.1.0')")


def versioned(table: str) -> tuple[sa.Column[object] | sa.CheckConstraint, ...]:
    return (
        timestamp(table, "created_at", "When the row was made", default=True),
        timestamp(table, "updated_at", "When the row last changed; set by a trigger", default=True),
        sa.Column(
            "version",
            sa.BigInteger(),
            server_default=sa.text("1"),
            nullable=False,
            comment="1 when made, one more with each change; set by a trigger",
        ),
        check(table, "version_range", "version >= 1"),
    )


def softly_deleted(table: str) -> tuple[sa.Column[object], ...]:
    return (
        timestamp(table, "deleted_at", "When the row was deleted; NULL while it lives"),
        timestamp(table, "purge_at", "When a deleted row is removed for good"),
    )


def authored() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("created_by", sa.Uuid(), nullable=False, comment="Id of the account that made the row"),
        sa.Column("updated_by", sa.Uuid(), nullable=False, comment="Id of the account that last changed the row"),
    )


def bounded_text(
    table: str, name: str, shortest: int, longest: int, comment: str, *, nullable: bool = False
) -> sa.Column[str]:
    length = check(table, f"{name}_length", f"char_length({name}) BETWEEN {shortest} AND {longest}")
    return sa.Column(name, sa.Text(collation="C"), length, nullable=nullable, comment=comment)


def timestamp(table: str, name: str, comment: str, *, default: bool = False) -> sa.Column[object]:
    in_range = check(table, f"{name}_range", f"{name} BETWEEN '{EARLIEST}' AND '{LATEST}'")
    now = sa.func.now() if default else None
    column_type = sa.DateTime(timezone=True)
    return sa.Column(name, column_type, in_range, nullable=not default, server_default=now, comment=comment)


def enumerated(name: str) -> postgresql.ENUM:
    return postgresql.ENUM(name=name, create_type=False)


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))
