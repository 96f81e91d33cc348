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


@pytest.mark.parametrize(
    ("listen", "asked"),
    [("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "[::1]:1"), ("10.0.0.1:1", "10.0.0.1:1"), ("localhost:1", "localhost:1")],
)
def test_what_stands_for_all_addresses_is_reached_on_loopback(listen: str, asked: str) -> None:
    assert str(address.parse(listen).reached_at) == asked


def test_networks_are_read_and_what_is_none_is_refused() -> None:
    assert list(map(str, address.networks("10.0.0.0/8, ::1"))) == ["10.0.0.0/8", "::1/128"]
    for text in ("", "10.0.0.0/8,", "10.0.0.1/8", "host", "0.0.0.0/0.0.0.256"):
        with pytest.raises(ValueError, match="is not a list of networks"):
            address.networks(text)
