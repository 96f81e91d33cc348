"""A proxy before PostgreSQL that counts round trips: the server ends each with ReadyForQuery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

READY_FOR_QUERY = ord("Z")  # PostgreSQL 18, 54.7 Message Formats: type (1 byte), length (4, itself included), content


@dataclass
class Counts:
    """Where the proxy listens, and the round trips of each connection so far."""

    port: int = 0
    of_connection: list[int] = field(default_factory=list)


class Messages:
    """Counts ReadyForQuery in a stream that is cut anywhere."""

    def __init__(self) -> None:
        self._head = b""
        self._skip = 0

    def ready(self, data: bytes) -> int:
        """How many end in `data`."""
        found = 0
        while data:
            skipped = min(self._skip, len(data))
            self._skip, data = self._skip - skipped, data[skipped:]
            head = (self._head + data)[:5]
            data = data[len(head) - len(self._head) :]
            self._head = head
            if len(head) == 5:
                found += head[0] == READY_FOR_QUERY
                self._head, self._skip = b"", int.from_bytes(head[1:]) - 4
        return found


@asynccontextmanager
async def counting(socket_path: str) -> AsyncIterator[Counts]:
    """Forwards connections of a free port on loopback to the server's socket. The client must not ask for TLS."""
    counts = Counts()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_unix_connection(socket_path)
        number = len(counts.of_connection)
        counts.of_connection.append(0)
        messages = Messages()

        def count(data: bytes) -> None:
            counts.of_connection[number] += messages.ready(data)

        await asyncio.gather(_pump(reader, server_writer, _ignore), _pump(server_reader, writer, count))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    async with server:
        counts.port = server.sockets[0].getsockname()[1]
        yield counts


def _ignore(_data: bytes) -> None:
    """What the client sends is not counted."""


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]) -> None:
    try:
        while data := await reader.read(1 << 16):
            see(data)
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        return  # one side hung up: so does the other
    finally:
        writer.close()
