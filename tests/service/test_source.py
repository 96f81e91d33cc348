"""The source of a call is its peer, unless a proxy that we trust says whom it saw."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import grpc
import pytest

from service.call import Context
from service.credentials.source import Network, bucket, source

METHOD = "/taxiway.test.Sources/Tell"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
PROXIES = (*LOOPBACK, ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))

Tell = Callable[..., Awaitable[str]]


class Sources(grpc.GenericRpcHandler):
    """Every method answers the source of its call."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = trusted

    def service(self, _details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any]:
        async def answer(_request: bytes, context: Context) -> bytes:
            return source(context.peer(), context.invocation_metadata() or (), self._trusted).encode()

        return grpc.unary_unary_rpc_method_handler(answer)


@asynccontextmanager
async def serving(address: str, trusted: Sequence[Network]) -> AsyncIterator[Tell]:
    """A server at the address, and what calls it with these headers and says the source that it sees."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Sources(trusted),))
    port = server.add_insecure_port(address)
    await server.start()
    target = address if address.startswith("unix:") else address.removesuffix("0") + str(port)
    try:
        async with grpc.aio.insecure_channel(target, options=[("grpc.enable_http_proxy", 0)]) as channel:
            method: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)

            async def told(*forwarded: str) -> str:
                headers = tuple(("x-forwarded-for", value) for value in forwarded)
                return (await method(b"", metadata=headers, timeout=10)).decode()

            yield told
    finally:
        await server.stop(None)


@pytest.fixture(scope="module")
async def behind_proxies() -> AsyncIterator[Tell]:
    async with serving("127.0.0.1:0", PROXIES) as told:
        yield told


@pytest.mark.parametrize(("address", "peer"), [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1")])
async def test_without_trust_it_is_the_peer_whatever_is_forwarded(address: str, peer: str) -> None:
    async with serving(address, ()) as told:
        assert await told() == peer
        assert await told("203.0.113.7") == peer
    async with serving(address, [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]) as told:
        assert await told("203.0.113.7") == peer


async def test_a_unix_socket_has_no_address_to_trust(tmp_path: Path) -> None:
    async with serving(f"unix:{tmp_path}/socket", PROXIES) as told:
        assert await told("203.0.113.7") == "unix"


async def test_a_trusted_peer_over_ipv6_is_believed() -> None:
    async with serving("[::1]:0", PROXIES) as told:
        assert await told("203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize(
    ("forwarded", "seen"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1,203.0.113.7 , 10.1.2.3"], "203.0.113.7"),
        (["203.0.113.7, 10.1.2.3, 2001:db8:ffff::5"], "203.0.113.7"),
        (["nonsense, 203.0.113.7"], "203.0.113.7"),
        (["10.1.2.3, 203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7:4711"], "203.0.113.7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["[2001:DB8:0::7]:4711"], "2001:db8::7"),
        (["::ffff:203.0.113.7"], "203.0.113.7"),
        (["203.0.113.7, ::ffff:10.1.2.3"], "203.0.113.7"),
        (["fe80::7%" + "z" * 1000], "fe80::7"),
    ],
)
async def test_it_is_the_right_most_address_that_is_no_proxy_of_ours(
    behind_proxies: Tell, forwarded: list[str], seen: str
) -> None:
    assert await behind_proxies(*forwarded) == seen


@pytest.mark.parametrize(
    "forwarded",
    [
        [],
        [""],
        ["10.1.2.3"],
        ["127.0.0.1, 10.1.2.3, 2001:db8:ffff::5"],
        ["unknown"],
        ["203.0.113.7, unknown"],
        ["203.0.113.7,"],
        ["203.0.113.7", ""],
        ["203.0.113.7", "10.1.2.3"],
        ["203.0.113.7, 10.1.2.3, 1.2.3"],
        ["203.0.113.7, 010.1.2.3"],
        ["x" * 2000],
    ],
)
async def test_it_is_the_peer_where_proxies_say_nothing_else_or_nothing_that_can_be_read(
    behind_proxies: Tell, forwarded: list[str]
) -> None:
    assert await behind_proxies(*forwarded) == "127.0.0.1"


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("unix", "unix"),
    ],
)
def test_attempts_count_against_an_ipv4_address_and_the_64_of_an_ipv6_one(address: str, counted: str) -> None:
    assert bucket(address) == counted
