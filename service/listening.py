"""The port: what Core is told of connections, and how a taken port is noticed."""

import grpc

from service.address import Address
from service.errors import StartupError

OPTIONS = (
    ("grpc.max_receive_message_length", 4 << 20),  # above our own limit, so that its answer carries details
    ("grpc.max_send_message_length", 4 << 20),
    ("grpc.max_metadata_size", 16 << 10),  # equal to the hard limit: between the two Core rejects at random
    ("grpc.absolute_max_metadata_size", 16 << 10),
    ("grpc.max_concurrent_streams", 200),
    ("grpc.max_connection_age_ms", 300_000),  # so that callers spread anew over the workers; Core adds jitter
    ("grpc.max_connection_age_grace_ms", 70_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
)


def bind(server: grpc.aio.Server, address: Address) -> Address:
    """Binds as the last act before `start`: a port that is bound and not served swallows connections.

    Answers the address with the port that was taken, where 0 asked for any. Raises StartupError.
    """
    try:
        port = server.add_insecure_port(str(address))
    except RuntimeError:
        port = 0
    if port == 0:
        message = f"{address} cannot be listened on: it is in use, or no address of this machine; set TAXIWAY_LISTEN."
        raise StartupError(message)
    return Address(address.host, port)
