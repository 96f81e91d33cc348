"""The ports: what Core is told of connections, which port asks callers for certificates, how a taken one is noticed."""

import grpc
import structlog

from service import tls
from service.address import Address
from service.errors import StartupError
from service.settings import Settings

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


def listen(server: grpc.aio.Server, settings: Settings, source: tls.Certificates | None) -> Address:
    """Binds every port of the settings, as the last act before `start`: one that is bound and not served swallows
    connections. `source` has the certificates; without it the port is plaintext.

    TLS_CLIENT_CA_FILE makes LISTEN require certificates of its callers, or MTLS_LISTEN alone where that is given.
    Answers the address of LISTEN with the port that was taken, where 0 asked for any. Raises StartupError.
    """
    if source is None:
        return bind(server, settings.listen)
    apart = settings.mtls_listen is not None
    require = settings.tls_client_ca_file is not None and not apart
    address = bind(server, settings.listen, tls.credentials(source, require=require))
    if settings.mtls_listen is not None:
        credentials = tls.credentials(source, require=True)
        taken = bind(server, settings.mtls_listen, credentials, setting="TAXIWAY_MTLS_LISTEN")
        structlog.get_logger("taxiway").info("callers with certificates are served", address=str(taken))
    return address


def bind(
    server: grpc.aio.Server,
    address: Address,
    credentials: grpc.ServerCredentials | None = None,
    *,
    setting: str = "TAXIWAY_LISTEN",
) -> Address:
    """One port, plaintext without credentials. Answers it with the port that was taken. Raises StartupError."""
    try:
        if credentials is None:
            port = server.add_insecure_port(str(address))
        else:
            port = server.add_secure_port(str(address), credentials)
    except RuntimeError:
        port = 0
    if port == 0:
        message = f"{address} cannot be listened on: it is in use, or no address of this machine; set {setting}."
        raise StartupError(message)
    return Address(address.host, port)
