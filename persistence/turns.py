"""Duplicates of one request id wait here for each other, in memory, and hold no connection meanwhile."""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable

from persistence.errors import RequestInProgress

WAITING = 32  # duplicates of one id that may wait in a worker; more are refused


class Turns:
    """One call of each key at a time, first come, first served."""

    def __init__(self) -> None:
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def take(self, key: Hashable) -> Callable[[], None]:
        """Waits for the turn and answers what ends it. Raises RequestInProgress where WAITING wait already."""
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = deque()
        else:
            await self._wait(key, line)
        return lambda: self._pass_on(key)

    async def _wait(self, key: Hashable, line: deque[asyncio.Future[None]]) -> None:
        if len(line) >= WAITING:
            raise RequestInProgress(f"{WAITING} duplicates wait already")
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place in line:
                line.remove(place)
            elif not place.cancelled():  # the turn came and nobody is here to use it
                self._pass_on(key)
            raise

    def _pass_on(self, key: Hashable) -> None:
        line = self._lines[key]
        while line:
            place = line.popleft()
            if not place.done():
                place.set_result(None)
                return
        del self._lines[key]
