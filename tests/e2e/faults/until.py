"""Waits for a condition, with a deadline, and not for a time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float) -> float:
    """How long it took until the condition held; raises TimeoutError where it does not in that time."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if await held if inspect.isawaitable(held) else held:
                return time.monotonic() - began
            await asyncio.sleep(0.005)
