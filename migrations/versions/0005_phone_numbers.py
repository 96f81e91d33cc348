"""Telephone numbers, encrypted; encrypting one again with a newer key is no change of the account."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LENGTH = "octet_length(phone_number) BETWEEN 33 AND 96"

# As in 0001, but for the middle: where the transaction says that it encrypts again, and nothing but the encrypted
# value differs, version, time and actor stay as they were set aside.
BUMP_VERSION = """
CREATE OR REPLACE FUNCTION bump_version() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    actor uuid := NEW.updated_by;
BEGIN
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.updated_by := OLD.updated_by;
    IF NOT NEW *= OLD THEN
{resealed}        NEW.version := OLD.version + 1;
        NEW.updated_at := greatest(clock_timestamp(), OLD.updated_at);
        NEW.updated_by := actor;
    END IF;
    RETURN NEW;
END
$$
"""
RESEALED = """\
        IF current_setting('taxiway.resealing', true) = 'on' THEN
            IF to_jsonb(NEW) - 'phone_number' = to_jsonb(OLD) - 'phone_number' THEN
                RETURN NEW;
            END IF;
        END IF;
"""


def upgrade() -> None:
    comment = "Telephone number, encrypted for this row"
    op.add_column("users", sa.Column("phone_number", sa.LargeBinary(), nullable=True, comment=comment))
    op.create_check_constraint(op.f("ck_users_phone_number_length"), "users", LENGTH, postgresql_not_valid=True)
    op.execute(BUMP_VERSION.format(resealed=RESEALED))


def downgrade() -> None:
    op.execute(BUMP_VERSION.format(resealed=""))
    op.drop_column("users", "phone_number")
