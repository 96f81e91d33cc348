"""Whether the database answers: one ping at a time, on a connection of its own."""

import asyncio
from contextlib import suppress
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

INTERVAL = 0.25  # seconds between pings
PATIENCE = 1.0  # seconds without an answer after which the database counts as silent
OVERDUE = 0.4  # seconds without an answer after which a ping is late; below the wait for a free connection


class Pulse:
    """`alive` is what health and the refusals of calls go by; `beat` runs for as long as the service does."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._last = float("-inf")
        self._answered = asyncio.Event()

    @property
    def age(self) -> float:
        """Seconds since the database last answered."""
        return asyncio.get_running_loop().time() - self._last

    @property
    def alive(self) -> bool:
        return self.age < PATIENCE

    async def answers(self) -> bool:
        """Whether the database answers: where a ping is late, once it has come or its time is over.

        Who waited in vain for a free connection learns so whether load took them all, or silence.
        """
        if self.age >= OVERDUE:
            with suppress(TimeoutError):  # then its age tells
                await asyncio.wait_for(self._answered.wait(), max(0, PATIENCE - self.age))
        return self.alive

    def seen(self) -> None:
        self._last = asyncio.get_running_loop().time()
        self._answered.set()
        self._answered = asyncio.Event()

    async def beat(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception:  # noqa: BLE001 - whatever went wrong, the age tells it; the next try makes a new connection
                await asyncio.sleep(INTERVAL)

    async def _listen(self) -> None:
        """Pings until one fails; the connection is given up without waiting for a server that may be frozen."""
        async with asyncio.timeout(PATIENCE):
            connection = await self._engine.connect()
        try:
            await self._ping(connection)
        finally:
            await _abandon(connection)

    async def _ping(self, connection: AsyncConnection) -> None:
        """One message and no prepared statement, so that a pooler may hand each ping to another server."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        while True:
            async with asyncio.timeout(PATIENCE):
                await driver.execute("SELECT 1")
            self.seen()
            await asyncio.sleep(INTERVAL)


async def _abandon(connection: AsyncConnection) -> None:
    if not connection.invalidated:
        raw = await connection.get_raw_connection()
        if raw.driver_connection is not None:
            raw.driver_connection.terminate()
        await connection.invalidate()
    await connection.close()
