"""Bounds a call by the caller's deadline and the server's ceiling, on the loop's clock."""

import asyncio

from persistence.deadline import set_deadline
from persistence.engine import CEILING
from service.call import Call, Method, Step
from service.errors import DeadlineExceeded

STREAM_CEILING = 3600.0  # seconds that a stream may take; each unit inside it is bounded as any other


def deadline(method: Method, proceed: Step) -> Step:
    """The remaining time is read once: Core computes it from the wall clock, which may jump."""

    ceiling = STREAM_CEILING if method.client_streaming or method.server_streaming else CEILING

    async def bounded(call: Call) -> bytes | None:
        remaining: float | None = call.context.time_remaining()  # None without a deadline, whatever its type says
        moment = asyncio.get_running_loop().time() + (ceiling if remaining is None else min(remaining, ceiling))
        set_deadline(moment)
        try:
            async with asyncio.timeout_at(moment):
                return await proceed(call)
        except TimeoutError:
            message = f"The call did not end in time (the server's ceiling is {ceiling:.0f} s); what it began may end."
            raise DeadlineExceeded(message) from None

    return bounded
