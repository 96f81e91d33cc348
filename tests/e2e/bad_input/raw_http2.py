"""HTTP/2 below gRPC's own client: one call over a socket, with headers and frames as a broken client sends them."""

import asyncio
from dataclasses import dataclass

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

PATIENCE = 0.5  # seconds: Core may leave a broken call without an answer
Headers = tuple[tuple[str, str], ...]
REQUEST: Headers = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/taxiway.v1.TaskService/CreateTask"),
    (":authority", "localhost"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
)


@dataclass(frozen=True)
class Fault:
    """One call that is wrong below the message; `whole` says whether the stream is ended properly."""

    name: str
    headers: Headers
    data: bytes
    whole: bool = True


def framed(message: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    """gRPC's frame: a flag for compression, the length in four bytes, the message."""
    return bytes((flag,)) + (len(message) if length is None else length).to_bytes(4, "big") + message


def replaced(name: str, value: str | None) -> Headers:
    """The headers with another value for one of them, or without it."""
    kept = tuple(pair for pair in REQUEST if pair[0] != name)
    return kept if value is None else (*kept, (name, value))


def faults(message: bytes) -> list[Fault]:
    """What a valid message becomes in the hands of a broken client."""
    whole = framed(message)
    return [
        Fault("length too long", REQUEST, framed(message, length=len(message) + 1)),
        Fault("length too short", REQUEST, framed(message, length=len(message) - 1)),
        Fault("length of 4 GiB", REQUEST, framed(message, length=0xFFFFFFFF)),
        Fault("prefix cut off", REQUEST, whole[:3]),
        Fault("message cut off", REQUEST, whole[:-2], whole=False),
        Fault("no data", REQUEST, b""),
        Fault("flag without encoding", REQUEST, framed(message, flag=1)),
        Fault("unknown flag", REQUEST, framed(message, flag=7)),
        Fault("gzip that is none", (*REQUEST, ("grpc-encoding", "gzip")), framed(message, flag=1)),
        Fault("unknown encoding", (*REQUEST, ("grpc-encoding", "zip-of-mine")), framed(message, flag=1)),
        Fault("content type of another", replaced("content-type", "application/json"), whole[:-1]),
        Fault("no content type", replaced("content-type", None), whole[:-1]),
        Fault("GET", (*REQUEST[1:], (":method", "GET"))[::-1], whole),
        Fault("no te", replaced("te", None), framed(message, length=1 << 30)),
        Fault("timeout that is none", (*REQUEST, ("grpc-timeout", "soon")), framed(message, length=1 << 30)),
    ]


async def send(address: str, fault: Fault, token: str) -> None:
    """Sends it, with a caller's token, over a connection of its own, and waits PATIENCE for whatever is said to it."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_encoded(fault, token))
        await writer.drain()
        async with asyncio.timeout(PATIENCE):
            await _answer(reader)
    except (ConnectionError, TimeoutError, ProtocolError):
        return  # the server hung up, said nothing, or we spoke too badly to be answered: each is its right
    finally:
        writer.close()


def _encoded(fault: Fault, token: str) -> bytes:
    headers = (*fault.headers, ("authorization", f"Bearer {token}"))
    connection = H2Connection(H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False))
    connection.initiate_connection()
    connection.send_headers(1, headers)
    connection.send_data(1, fault.data, end_stream=fault.whole)
    return connection.data_to_send()


async def _answer(reader: asyncio.StreamReader) -> None:
    connection = H2Connection()
    connection.initiate_connection()
    connection.send_headers(1, REQUEST)
    while data := await reader.read(65_536):
        for event in connection.receive_data(data):
            if isinstance(event, (StreamEnded, StreamReset, ConnectionTerminated)):
                return
