"""HOST:PORT is read exactly, printed the same, and known to be loopback only where it surely is."""

from __future__ import annotations

import pytest

from service import address
from service.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:50051", "::1", 50051), ("localhost:65535", "localhost", 65535)],
)
def test_an_address_is_parsed_and_printed_the_same(text: str, host: str, port: int) -> None:
    parsed = address.parse(text)
    assert (parsed.host, parsed.port, str(parsed)) == (host, port, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "host",
        "host:",
        "::1:50051",
        "[::1]",
        "[zz]:1",
        "[1:2]:1",
        "a:65536",
        "a:-1",
        "a:1٠",
        "a b:1",
        "unix:/x",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT|port|IPv6"):
        address.parse(text)


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.8.8.8", True), ("::1", True), ("localhost", True), ("8.8.8.8", False)]
)
def test_loopback_is_known(host: str, loopback: bool) -> None:
    assert Address(host, 1).is_loopback is loopback


@pytest.mark.parametrize("host", ["::", "127.1", "0", "localhost.example.com", "10.0.0.1", "ip6-localhost"])
def test_what_may_be_reached_from_elsewhere_is_not_loopback(host: str) -> None:
    assert not Address(host, 1).is_loopback
