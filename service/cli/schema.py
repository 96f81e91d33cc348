"""The revision of a database's schema, read without Alembic, and the step from an old one to ours."""

from __future__ import annotations

import asyncio

import migrations
from migrations.connection import connect
from persistence.revision import SchemaError, current
from service.cli.database import Place, in_one_sentence


def revision_of(place: Place) -> str:
    """The number of its newest migration, `base` where there was none. Raises StartupError for a foreign database."""
    with in_one_sentence(SchemaError):
        return asyncio.run(_current(place.url)) or "base"


def bring_up_to_date(place: Place) -> tuple[str, str] | None:
    """Applies what is missing: from which revision to which, or None where nothing was. Raises StartupError."""
    found, ours = revision_of(place), migrations.head()
    if found != "base" and found >= ours:
        return None
    from migrations.commands import MigrationError, upgrade

    with in_one_sentence(MigrationError):
        asyncio.run(upgrade(place.url))
    return found, ours


async def _current(url: str) -> str | None:
    async with connect(url) as connection:
        return await current(connection)
