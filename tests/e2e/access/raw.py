"""One call over a socket, with header bytes that gRPC's own client refuses to send."""

import asyncio
from collections.abc import Sequence

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamEnded, StreamReset, TrailersReceived

from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.bad_input.raw_http2 import framed

Headers = Sequence[tuple[bytes, bytes]]
PATIENCE = 5.0  # seconds
REQUEST: Headers = (
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/taxiway.v1.UserService/GetUser"),
    (b":authority", b"localhost"),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
)


async def status_of(address: str, headers: Headers) -> str | None:
    """The `grpc-status` of GetUser(users/me) with these headers too; None where the server ended it without one."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    connection = H2Connection(H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False))
    connection.initiate_connection()
    connection.send_headers(1, [*REQUEST, *headers])
    connection.send_data(1, framed(GetUserRequest(name="users/me").SerializeToString()), end_stream=True)
    writer.write(connection.data_to_send())
    try:
        async with asyncio.timeout(PATIENCE):
            return await _status(connection, reader)
    finally:
        writer.close()
        await writer.wait_closed()


async def _status(connection: H2Connection, reader: asyncio.StreamReader) -> str | None:
    while data := await reader.read(65_536):
        for event in connection.receive_data(data):
            if isinstance(event, (ResponseReceived, TrailersReceived)):
                found = dict(event.headers or ())
                if b"grpc-status" in found:
                    return found[b"grpc-status"].decode()
            if isinstance(event, (StreamEnded, StreamReset, ConnectionTerminated)):
                return None
    return None
