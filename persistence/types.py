"""Column types of our own."""

from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import AsyncPgEnum


class FixedSet(AsyncPgEnum):
    """A native ENUM whose labels are read as they come: the database holds no other, and the schema checks them again.

    SQLAlchemy's own type looks each label up, which a page of tasks pays twice a row.
    """

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> None:  # noqa: ARG002 - named as SQLAlchemy calls it
        return None
