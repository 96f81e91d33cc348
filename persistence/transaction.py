"""BEGIN, COMMIT and ROLLBACK of a unit, spoken to the driver itself.

The engine's connections are in AUTOCOMMIT, so that a read of one statement costs one round trip and nothing has to be
switched at a checkout. By way of SQLAlchemy each of the three would cost twice the CPU.
"""

from contextlib import suppress
from types import TracebackType
from typing import Self

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import errors


class Transaction:
    """READ COMMITTED on one connection. Leaving it without `commit` rolls back, or gives the connection up."""

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._driver: asyncpg.Connection | None = None

    async def __aenter__(self) -> Self:
        raw = await self._connection.get_raw_connection()
        self._driver = raw.driver_connection
        await self._say("BEGIN ISOLATION LEVEL READ COMMITTED")
        return self

    async def commit(self) -> None:
        """Raises ConnectionLost or DatabaseUnavailable where the connection ended meanwhile: the outcome is open."""
        said = await self._say("COMMIT")
        self._driver = None
        if said != "COMMIT":  # PostgreSQL rolls a failed transaction back and calls that no error
            raise AssertionError("a use case went on after the database had refused a statement")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._driver is None or self._connection.invalidated:
            return
        if isinstance(error, (errors.DatabaseUnavailable, errors.ConnectionLost)):
            return  # nobody would answer a ROLLBACK; whoever lent the connection gives it up
        if self._driver.is_closed():
            await self._connection.invalidate()
        elif self._driver.is_in_transaction():
            await self._say("ROLLBACK")

    async def _say(self, statement: str) -> str:
        assert self._driver is not None  # noqa: S101 - set on entry
        try:
            return str(await self._driver.execute(statement))
        except Exception as error:
            reason = errors.translate(error)
            await self._give_up(self._driver, reason)
            raise reason from error
        except BaseException:  # nobody knows what the connection will answer next
            await self._connection.invalidate()
            raise

    async def _give_up(self, driver: asyncpg.Connection, reason: Exception) -> None:
        """SQLAlchemy gives its whole pool up where a statement of its own finds the connection closed.

        One that ended is not alone as a rule: without that, every try of a unit would meet another dead neighbour.
        """
        if not isinstance(reason, errors.ConnectionLost):
            await self._connection.invalidate()
            return
        driver.terminate()
        with suppress(DBAPIError):
            await self._connection.exec_driver_sql("SELECT 1")
