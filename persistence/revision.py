"""Whether the database's schema is one that this release can run on. Alembic is not imported to find out."""

import re
from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import Base

_UPGRADE = "run `taxiway db upgrade`"
_NUMBER = re.compile(r"[0-9]{4}")
_RELEASE = re.compile(r"[0-9]+(\.[0-9]+)*")
_PRESENT = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL"
)


class SchemaError(Exception):
    """The service cannot run on this database: one sentence that says why, and what to do."""


async def current(connection: AsyncConnection) -> str | None:
    """The number of the newest migration that was applied, or None where there was none. Raises SchemaError."""
    if not await _present(connection, ["alembic_version"]):
        return None
    revisions = (await connection.scalars(text("SELECT version_num FROM alembic_version"))).all()
    if len(revisions) > 1 or not all(_NUMBER.fullmatch(revision) for revision in revisions):
        raise SchemaError("The database belongs to another program: its migrations are not Taxiway's.")
    return revisions[0] if revisions else None


async def check(connection: AsyncConnection, own: str, release: str) -> str | None:
    """Compares the database's revision with `own`, the newest one that this release brings.

    None where they are the same; a sentence of warning where the database is newer and allows `release`.
    Raises SchemaError where it is empty, older, foreign, or made for later releases only.
    """
    revision = await current(connection)
    present = await _present(connection, list(Base.metadata.tables))
    if revision is None and present:
        raise SchemaError(f"The database belongs to another program: it has a table {present[0]} and no migrations.")
    if revision is None:
        raise SchemaError(f"The database is empty: {_UPGRADE}.")
    if "schema_compatibility" not in present:
        raise SchemaError("The database belongs to another program: it has migrations and no schema_compatibility.")
    if revision < own:
        raise SchemaError(f"The database is at revision {revision}, older than {own}: {_UPGRADE}.")
    return await _newer(connection, revision, own, release) if revision > own else None


async def _newer(connection: AsyncConnection, revision: str, own: str, release: str) -> str:
    oldest = await connection.scalar(text("SELECT oldest_release FROM schema_compatibility"))
    if oldest is None:
        raise SchemaError("The database does not say which releases may run on it: schema_compatibility is empty.")
    newer = f"The database is at revision {revision}, newer than {own}"
    if _ordered(release) < _ordered(oldest):
        raise SchemaError(f"{newer}, and asks for release {oldest} or later: this is {release}.")
    return f"{newer}, and allows this release {release}."


def _ordered(release: str) -> tuple[int, ...]:
    """The numbers of a release, for comparison; a suffix such as `.dev1` does not count."""
    numbers = _RELEASE.match(release)
    if numbers is None:
        raise SchemaError(f"{release} is not the number of a release.")
    return tuple(int(number) for number in numbers[0].split("."))


async def _present(connection: AsyncConnection, names: Sequence[str]) -> Sequence[str]:
    """Which of the tables the connection's search path reaches."""
    return (await connection.scalars(_PRESENT, {"names": list(names)})).all()
