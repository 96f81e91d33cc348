"""Column types of our own."""

from typing import Any

from sqlalchemy.dialects.postgresql.asyncpg import AsyncpgARRAY, AsyncPgEnum

ACCESS_SCOPES = ("users.read", "users.write", "tasks.read", "tasks.write")  # what a SERVICE may be let to do


class FixedSet(AsyncPgEnum):
    """A native ENUM whose labels are read as they come: the database holds no other, and the schema checks them again.

    SQLAlchemy's own type looks each label up, which a page of tasks pays twice a row.
    """

    cache_ok = True

    def result_processor(self, dialect: Any, coltype: Any) -> None:  # noqa: ARG002 - named as SQLAlchemy calls it
        return None


class PlainArray(AsyncpgARRAY):
    """An array that is read as the driver gives it, a list: SQLAlchemy's own type would copy it, for every row."""

    cache_ok = True

    def result_processor(  # type: ignore[override]  # SQLAlchemy calls None no processor, and types its own without it
        self,
        dialect: Any,  # noqa: ARG002 - see above
        coltype: Any,  # noqa: ARG002 - see above
    ) -> None:
        return None
