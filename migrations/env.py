"""How Alembic runs the revisions: on the connection it is given, on one of its own, or as SQL text."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from migrations.connection import LOCK_TIMEOUT, connect
from persistence.models import Base


def run_on(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        compare_type=True,
        compare_server_default=True,
        autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_on_own_connection() -> None:
    """For the command `alembic` in a checkout."""
    async with connect(os.environ["TAXIWAY_DATABASE_URL"]) as connection:
        await connection.run_sync(run_on)


def write_sql() -> None:
    context.configure(
        url="postgresql+asyncpg://",
        target_metadata=Base.metadata,
        transaction_per_migration=True,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    context.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    write_sql()
elif "connection" in context.config.attributes:
    run_on(context.config.attributes["connection"])
else:
    asyncio.run(run_on_own_connection())
