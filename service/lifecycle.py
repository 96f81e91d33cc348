"""From `listening on` to the exit code: signals, and a drain that drops no call."""

import asyncio
import os
import signal
import threading
from dataclasses import dataclass

import grpc
import structlog

from persistence.database import Database
from persistence.engine import CEILING
from service.address import Address
from service.health import HealthServicer
from service.interceptors.admission import Admission
from service.interceptors.drain import Drain

GRACE = CEILING + 2  # seconds for the calls that are under way: each ends at the ceiling at the latest
SETTLING = 5  # seconds more for units whose callers have left
WATCHDOG = GRACE + SETTLING + 3  # seconds after which a shutdown that hangs is cut
AT_ONCE = 1.0  # seconds that a second signal leaves
REFUSING = 0.25  # seconds of DRAINING before the connections end
TAIL = 0.25  # seconds for the last answers to leave, once no call is under way
FORCED = 1  # exit code of a shutdown that was not waited for


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """What a running service is made of, as its shutdown sees it."""

    server: grpc.aio.Server
    address: Address
    health: HealthServicer
    drain: Drain
    admission: Admission
    db: Database
    drain_delay: float


async def serve_until_signal(service: Lifecycle) -> int:
    """The first SIGTERM or SIGINT drains, the second ends at once."""
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number)
    print(f"listening on {service.address}", flush=True)  # noqa: T201 - the one line that tools wait for
    received = await signals.get()
    structlog.get_logger("taxiway").info("draining", signal=received.name)
    _watch_over_shutdown(WATCHDOG + service.drain_delay)
    draining = asyncio.create_task(shut_down(service))
    again = asyncio.create_task(signals.get())
    await asyncio.wait((draining, again), return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    return draining.result() if draining.done() else await _at_once(service, draining)


async def shut_down(service: Lifecycle) -> int:
    """Not ready first, so that balancers turn away; refuses new calls for the last moment of the delay, so that callers
    go elsewhere; then ends connections, then awaits the units.

    `stop` alone would answer CANCELLED to calls that Core has received and nobody has picked up. A refusal for longer
    than REFUSING would use up the attempts of callers whom no balancer leads elsewhere.
    """
    service.health.drain()
    await asyncio.sleep(max(0.0, service.drain_delay - REFUSING))
    service.drain.begin()
    await asyncio.sleep(min(service.drain_delay, REFUSING))
    service.health.end_watches()
    stopping = asyncio.create_task(service.server.stop(GRACE))
    while service.admission.in_flight and not stopping.done():
        await asyncio.wait((stopping,), timeout=TAIL / 10)
    await service.server.stop(TAIL)  # streams that only wait, such as reflection's, hold nobody up
    await stopping
    unfinished = await service.db.settle(SETTLING)
    structlog.get_logger("taxiway").info("stopped", unfinished_units=unfinished)
    return FORCED if unfinished else 0


async def _at_once(service: Lifecycle, draining: asyncio.Task[int]) -> int:
    """What is left to close gets a second: a silent database would hold it for longer than anybody waits."""
    _watch_over_shutdown(AT_ONCE)
    draining.cancel()
    await service.server.stop(0)
    return FORCED


def _watch_over_shutdown(seconds: float) -> None:
    """A thread outside the loop, since what may hang is the loop's own end (grpc/grpc#40989)."""
    timer = threading.Timer(seconds, os._exit, (FORCED,))
    timer.daemon = True
    timer.start()
