"""Round trips to the database of each call on a warm connection."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from statistics import median
from urllib.parse import parse_qs, urlsplit

import grpc

from benchmarks.calls import Call
from benchmarks.counting_proxy import Counts, counting
from benchmarks.figures import Figure, at_most
from benchmarks.processes import Running
from benchmarks.stage import bearer, service

GROUP = "round trips"
CALLS = 20


async def measure(url: str, calls: list[Call]) -> list[Figure]:
    """A service of its own behind a proxy that counts. `url` names the embedded server's socket."""
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    async with counting(f"{given['host']}/.s.PGSQL.{given['port']}") as counts:
        proxied = f"{parts.scheme}://{parts.username}@127.0.0.1:{counts.port}{parts.path}?sslmode=disable"
        with ExitStack() as stack:
            # In a thread, since it blocks until the service listens, and the service needs the proxy for that.
            server: Running = await asyncio.to_thread(stack.enter_context, service(proxied))
            async with grpc.aio.insecure_channel(server.address) as channel:
                figures = [await _figure(channel, call, counts) for call in calls]
            await asyncio.to_thread(stack.close)
        return figures


async def _figure(channel: grpc.aio.Channel, call: Call, counts: Counts) -> Figure:
    method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(call.path)
    bodies, metadata = call.bodies(CALLS + 1), bearer(call.token)
    await method(bodies[0], metadata=metadata)  # prepares the statements, and makes the caller known
    trips = []
    for number in range(1, CALLS + 1):
        before = list(counts.of_connection)
        await method(bodies[number % len(bodies)], metadata=metadata)
        # One call after the other takes one connection of the pool; the pings of health go over another.
        trips.append(max(after - earlier for after, earlier in zip(counts.of_connection, before, strict=False)))
    # The median: now and then the service writes or reads something of its own beside a call.
    return Figure(GROUP, call.name, median(trips), "a call", None, at_most(call.round_trips))
