"""Looks whether the port is free while nothing has been promised yet, and says so better than Core does."""

from __future__ import annotations

import socket

from service.address import Address
from service.errors import StartupError
from service.settings import Settings


def check_ports(settings: Settings) -> None:
    """Every port of gRPC that the settings name. Raises StartupError."""
    check_port(settings.listen, reuse_port=settings.reuse_port)
    if settings.mtls_listen is not None:
        check_port(settings.mtls_listen, reuse_port=settings.reuse_port, setting="TAXIWAY_MTLS_LISTEN")


def check_port(address: Address, *, reuse_port: bool, setting: str = "TAXIWAY_LISTEN") -> None:
    """Raises StartupError where no socket can be bound to any address of the host.

    Core would write a line of its own for it, without the reason in a form that a user reads, and only at the end of
    the start. Another process may still take the port in between: then Core's answer is the one that counts.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise StartupError(f"{address} cannot be listened on: {error.strerror}; set {setting}.") from None
    refusals = [_refusal(family, place, reuse_port=reuse_port) for family, _, _, _, place in found]
    if all(refusals):
        raise StartupError(f"{address} cannot be listened on: {refusals[0]}; set {setting}.")


def _refusal(
    family: int, place: tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes], *, reuse_port: bool
) -> str | None:
    """Why it cannot be bound, with the options that Core binds with."""
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind(place)
        except OSError as error:
            return str(error.strerror)
    return None
