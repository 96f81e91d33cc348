"""Whether the database answers, and whose rights changed there of late: one ping at a time, on its own connection."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

INTERVAL = 0.25  # seconds between pings
PATIENCE = 1.0  # seconds without an answer after which the database counts as silent
# Changes are told again and again for so long: a reading that overlapped with a change heals by itself.
_RECENT = (
    "SELECT user_id, count(*), max(id) FROM access_changes"
    " WHERE created_at > now() - interval '20 seconds' GROUP BY user_id"
)
OVERDUE = 0.4  # seconds without an answer after which a ping is late; below the wait for a free connection

# Whose rights changed in the last 20 seconds, None for the signing keys: how often, and the number of the last change.
Changed = Mapping[UUID | None, tuple[int, int]]
Listener = Callable[[Changed], None]


class Pulse:
    """`alive` is what health and the refusals of calls go by; `beat` runs for as long as the service does."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._last = float("-inf")
        self._answered = asyncio.Event()
        self._listeners: list[Listener] = []

    def listen(self, callback: Listener) -> None:
        """Calls back after every answered ping with the accounts whose rights changed in the last 20 seconds.

        None among them stands for the signing keys. It is called before the answer counts as seen: where a callback
        raises, the database counts as silent, and nobody goes by what was not heard.
        """
        self._listeners.append(callback)

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
        """COPY is one message and no prepared statement, so that a pooler may hand each ping to another server."""
        driver: Any = (await connection.get_raw_connection()).driver_connection
        while True:
            answer = bytearray()
            async with asyncio.timeout(PATIENCE):
                await driver.copy_from_query(_RECENT, output=_into(answer))
            changed = _read(answer)
            for listener in self._listeners:
                listener(changed)
            self.seen()
            await asyncio.sleep(INTERVAL)


def _into(buffer: bytearray) -> Callable[[bytes], Any]:
    async def take(data: bytes) -> None:
        buffer.extend(data)

    return take


def _read(answer: bytes | bytearray) -> Changed:
    """COPY's text format: columns between tabs, `\\N` for NULL."""
    rows = (line.split("\t") for line in answer.decode().splitlines())
    return {None if user == "\\N" else UUID(user): (int(times), int(last)) for user, times, last in rows}


async def _abandon(connection: AsyncConnection) -> None:
    if not connection.invalidated:
        raw = await connection.get_raw_connection()
        if raw.driver_connection is not None:
            raw.driver_connection.terminate()
        await connection.invalidate()
    await connection.close()
