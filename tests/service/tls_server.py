"""A bare gRPC server on the ports that the service would bind, which answers each call with whom the caller names."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from cryptography import x509

from service.tls import peer_uris
from tests.authority import Issued

METHOD = "/taxiway.test.Echo/Who"
SECONDS = 10.0  # that anything may take


class Who(grpc.GenericRpcHandler):
    """Every method answers the URIs of the caller's certificate, a line each."""

    def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        async def answer(_request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
            return "\n".join(peer_uris(context)).encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@asynccontextmanager
async def server() -> AsyncIterator[grpc.aio.Server]:
    """Not started: bind its ports first. Ended at the end."""
    serving = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    serving.add_generic_rpc_handlers((Who(),))
    yield serving
    await serving.stop(0)


def channel(address: str, trusted: Issued, shown: Issued | None = None) -> grpc.aio.Channel:
    """One that trusts one authority, and shows a certificate where it has one; its connection is its own."""
    pair = (None, None) if shown is None else (shown.key, shown.chain)
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    return grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(trusted.chain, *pair), options=options)


async def who(calls: grpc.aio.Channel) -> list[str]:
    method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = calls.unary_unary(METHOD)
    return (await method(b"", timeout=SECONDS)).decode().splitlines()


async def who_at(address: str, trusted: Issued, shown: Issued | None = None) -> list[str]:
    """The same on a connection of its own."""
    async with channel(address, trusted, shown) as calls:
        return await who(calls)


async def serial(address: str, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> int:
    """The number of the certificate that a handshake gets now, by Python's own TLS; raises OSError without one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # else OpenSSL itself offers nothing older than TLS 1.2
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    async with asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return x509.load_der_x509_certificate(shown).serial_number
