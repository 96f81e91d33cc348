"""Tasks carry the words of their title and description, for the full-text search."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# The linter would have a trigger fill it, so that no row is written anew; a generated column nobody can set otherwise.
ADD_SEARCH = """
-- squawk-ignore adding-field-with-default
ALTER TABLE tasks ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('simple'::regconfig, title), 'A'::"char")
    || setweight(to_tsvector('simple'::regconfig, description), 'B'::"char")
) STORED
"""
COMMENT = "Words of title and description, for the full-text search; nobody reads it"

# As in 0005, but for the first condition: a stored generated column of NEW is NULL before it is computed, behind this
# trigger, and so would differ in every update. What it is made of is compared in its place.
BUMP_VERSION = """
CREATE OR REPLACE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor uuid := NEW.updated_by;
BEGIN
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.updated_by := OLD.updated_by;
{generated}    IF NOT NEW *= OLD THEN
        IF current_setting('taxiway.resealing', true) = 'on' THEN
            IF to_jsonb(NEW) - 'phone_number' = to_jsonb(OLD) - 'phone_number' THEN
                RETURN NEW;
            END IF;
        END IF;
        NEW.version := OLD.version + 1;
        NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at);
        NEW.updated_by := actor;
    END IF;
    RETURN NEW;
END
$$
"""
GENERATED = """\
    IF TG_TABLE_NAME = 'tasks' THEN
        NEW.search := OLD.search;
    END IF;
"""


def upgrade() -> None:
    """Writes the whole table anew, and keeps everybody from it meanwhile: half a minute for a million tasks.

    The extension lets the owner stand in a GIN index (0024). Who may not create one has it created beforehand.
    """
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    op.execute(ADD_SEARCH)
    op.execute(f"COMMENT ON COLUMN tasks.search IS '{COMMENT}'")
    op.execute(BUMP_VERSION.format(generated=GENERATED))


def downgrade() -> None:
    """The extension stays: it may have been there before, and does nothing by itself."""
    op.execute(BUMP_VERSION.format(generated=""))
    op.drop_column("tasks", "search")
