"""Where a call comes from: the peer's address, or the one that a proxy of ours saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import unquote

FORWARDED = "x-forwarded-for"
_LONGEST = 64  # characters: as many as a session keeps
_SITE_BITS = 64  # of an IPv6 address; the rest of them one customer chooses freely (RFC 6177)

Metadata = Iterable[Any]  # pairs of key and value, as gRPC has them
Network = IPv4Network | IPv6Network


def source(peer: str, metadata: Metadata, trusted: Sequence[Network]) -> str:
    """The address of the caller, at most 64 characters.

    A peer in one of the `trusted` networks is a proxy: the caller is then the right-most address in
    `x-forwarded-for` that is no such proxy's, as all to its left is the caller's own word. Where there is none, or
    something malformed to its right, it is the peer. A peer without an address, as on a Unix socket, is its kind.
    """
    kind, _, rest = peer.partition(":")
    address = _address(unquote(rest))
    if address is None:
        return kind[:_LONGEST]
    forwarded = _forwarded(metadata, trusted) if _within(address, trusted) else None
    return str(forwarded or address)


def bucket(source: str) -> str:
    """Whom the attempts from this source count against: of an IPv6 address its /64, which is all one customer's."""
    address = _address(source)
    if not isinstance(address, IPv6Address):
        return source if address is None else str(address)
    return str(IPv6Network((int(address), _SITE_BITS), strict=False))


def _forwarded(metadata: Metadata, trusted: Sequence[Network]) -> IPv4Address | IPv6Address | None:
    for text in reversed(_last_header(metadata).split(",")):
        address = _address(text)
        if address is None or not _within(address, trusted):
            return address
    return None


def _last_header(metadata: Metadata) -> str:
    """Of several, gRPC Core itself keeps but the last, which is the nearest proxy's."""
    values = [str(value) for key, value in metadata if key == FORWARDED]
    return values[-1] if values else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Reads `1.2.3.4`, `1.2.3.4:5`, `::1`, `fe80::1%eth0` without its zone, and `[::1]:5`; `::ffff:1.2.3.4` as IPv4."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
