"""Bounds the work in flight: what a worker cannot serve soon it refuses at once."""

from collections.abc import Callable

from service.call import Call, Method, Step
from service.errors import Overloaded


class Admission:
    """At most `limit` calls at a time, all methods together.

    `units` tells how many units of work run: those of callers who hung up go on, and a flood of such calls must not
    pile them up.
    """

    def __init__(self, limit: int, units: Callable[[], int]) -> None:
        self._limit = limit
        self._units = units
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        return self._in_flight

    def __call__(self, method: Method, proceed: Step) -> Step:
        async def admitted(call: Call) -> bytes | None:
            if max(self._in_flight, self._units()) >= self._limit:
                raise Overloaded("This server has too many calls in flight; wait as RetryInfo says and repeat.")
            self._in_flight += 1
            try:
                return await proceed(call)
            finally:
                self._in_flight -= 1

        return admitted
