"""HOST:PORT and networks as values: parsed once, printed the way gRPC takes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

_FORM = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/]+):(?P<port>[0-9]{1,5})", re.ASCII)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Address:
    """Where a socket listens. `host` has no brackets; `port` is 0 to 65535, 0 asks for any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        """`HOST:PORT`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it. A name other than `localhost` may mean anything: it does not count."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def reached_at(self) -> Address:
        """Where a caller on this machine reaches it: on loopback, where the host stands for all addresses."""
        return Address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port)  # noqa: S104 - No bind.


def parse(text: str) -> Address:
    """Reads `127.0.0.1:50051`, `localhost:50051` or `[::1]:50051`. Raises ValueError without repeating the text."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError("is not of the form HOST:PORT (an IPv6 address stands in brackets)")
    host, port = match["host"].strip("[]"), int(match["port"])
    if port > 65535:
        raise ValueError("has a port above 65535")
    if ":" in host:
        _check_ipv6(host)
    return Address(host, port)


def networks(text: str) -> tuple[Network, ...]:
    """Reads `10.0.0.0/8,fd00::/8`; one address is a network, too. Raises ValueError without repeating the text."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(","))
    except ValueError:
        raise ValueError(
            "is not a list of networks such as 10.0.0.0/8 (a network has no bits behind its length)"
        ) from None


def _check_ipv6(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise ValueError("has no IPv6 address between its brackets") from None
