"""When the caller stops waiting: set by the service for each call, read where persistence waits or tries again."""

import asyncio
from contextvars import ContextVar

_DEADLINE: ContextVar[float | None] = ContextVar("taxiway_deadline", default=None)


def set_deadline(moment: float) -> None:
    """`moment` is a time of the running loop's clock, which no change of the wall clock moves."""
    _DEADLINE.set(moment)


def time_left() -> float:
    """Seconds until the caller stops waiting; infinity where nobody set a deadline."""
    moment = _DEADLINE.get()
    return float("inf") if moment is None else moment - asyncio.get_running_loop().time()
