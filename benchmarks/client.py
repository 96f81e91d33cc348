"""A load client of our own, in its own process, bounded in calls and time: `python -m benchmarks.client`.

For calls whose bodies must differ, which h2load cannot send, and for machines without h2load. Reads a `Load` as JSON on
standard input and writes an `Outcome` as JSON on standard output.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass

import grpc
import uvloop

CONNECTIONS = 8
LIMIT = 60.0  # seconds after which a load is given up

Send = Callable[[bytes], Awaitable[bool]]  # one call; whether it was answered with OK


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent where: `bodies` (hex) in turn, `calls` in all, `flight` of them at a time. `path` begins with /."""

    protocol: str  # grpc, or http (HTTP/1.1: POST where there is a body, else GET)
    address: str
    path: str
    token: str  # sent as bearer by gRPC; "" for none
    bodies: list[str]
    calls: int
    flight: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many calls were answered OK and how many were not, and in how many seconds."""

    succeeded: int
    failed: int
    seconds: float


async def drive(load: Load) -> Outcome:
    """Raises TimeoutError after LIMIT seconds."""
    bodies = [bytes.fromhex(body) for body in load.bodies]
    work = iter([bodies[number % len(bodies)] for number in range(load.calls)])
    opened = grpc_sender if load.protocol == "grpc" else http_sender
    async with asyncio.timeout(LIMIT), AsyncExitStack() as stack:
        connections = CONNECTIONS if load.protocol == "grpc" else load.flight
        senders = [await stack.enter_async_context(opened(load)) for _ in range(connections)]
        began = time.perf_counter()
        callers = (_call(work, senders[number % connections]) for number in range(load.flight))
        failed = sum(await asyncio.gather(*callers))
        return Outcome(load.calls - failed, failed, time.perf_counter() - began)


async def _call(work: Iterator[bytes], send: Send) -> int:
    """One caller, who waits for each answer; answers how many calls failed."""
    failed = 0
    for body in work:
        failed += not await send(body)
    return failed


@asynccontextmanager
async def grpc_sender(load: Load) -> AsyncIterator[Send]:
    """A connection of its own: channels to one address would else share one."""
    options = [("grpc.use_local_subchannel_pool", 1)]
    metadata = (("authorization", f"Bearer {load.token}"),) if load.token else ()
    async with grpc.aio.insecure_channel(load.address, options=options) as channel:
        method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(load.path)

        async def send(body: bytes) -> bool:
            try:
                await method(body, metadata=metadata)
            except grpc.aio.AioRpcError:
                return False
            return True

        await channel.channel_ready()
        yield send


@asynccontextmanager
async def http_sender(load: Load) -> AsyncIterator[Send]:
    """A kept connection of HTTP/1.1."""
    host, _, port = load.address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def send(body: bytes) -> bool:
        verb = "POST" if body else "GET"
        kind = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n" if body else ""
        writer.write(f"{verb} {load.path} HTTP/1.1\r\nhost: {load.address}\r\n{kind}\r\n".encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        await reader.readexactly(int(length))
        return head.split(" ", 2)[1].startswith("2")

    try:
        yield send
    finally:
        writer.close()
        await writer.wait_closed()


def main() -> None:
    load = Load(**json.load(sys.stdin))
    print(json.dumps(asdict(uvloop.run(drive(load)))))


if __name__ == "__main__":
    main()
