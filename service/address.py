"""HOST:PORT as a value: parsed once, printed the way gRPC takes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address

_FORM = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/]+):(?P<port>[0-9]{1,5})", re.ASCII)


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


def _check_ipv6(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise ValueError("has no IPv6 address between its brackets") from None
