"""How a command reaches a server: in plaintext, or by TLS that trusts whom it was told to and nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from service.certificates import CERTIFICATE, chain_of, contents
from service.errors import StartupError

if TYPE_CHECKING:
    import grpc
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Transport:
    """Plaintext where nothing is given. `ca` holds authorities, `own` the very certificate that the server must show;
    without either the authorities of gRPC are trusted. `certificate` and `key` are what the caller shows.
    """

    ca: Path | None = None
    own: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def is_plaintext(self) -> bool:
        return not any((self.ca, self.own, self.certificate, self.key))


def open_channel(target: str, transport: Transport) -> grpc.Channel:
    """A channel to HOST:PORT; it connects with the first call. Raises StartupError for files that cannot be used."""
    import grpc

    # A proxy in the environment is for the way out, not for the server next door.
    options: list[tuple[str, int | str]] = [("grpc.enable_http_proxy", 0)]
    if transport.is_plaintext:
        return grpc.insecure_channel(target, options=options)
    roots = _roots(transport, options)
    return grpc.secure_channel(target, grpc.ssl_channel_credentials(roots, *_pair(transport)), options=options)


def _roots(transport: Transport, options: list[tuple[str, int | str]]) -> bytes | None:
    if transport.ca is not None:
        roots = contents("--ca-file", transport.ca)
        chain_of("--ca-file", roots)
        return roots
    if transport.own is None:
        return None
    roots = contents(CERTIFICATE, transport.own)
    name = _name(chain_of(CERTIFICATE, roots)[0])
    if name is not None:  # it is asked for by an address that need not stand in it
        options.append(("grpc.ssl_target_name_override", name))
    return roots


def _name(leaf: x509.Certificate) -> str | None:
    """A name that the certificate is for: the first DNS name (gRPC takes a wildcard as it stands), or address."""
    from cryptography import x509

    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    hosts = names.get_values_for_type(x509.DNSName)
    return next(iter([*hosts, *map(str, names.get_values_for_type(x509.IPAddress))]), None)


def _pair(transport: Transport) -> tuple[bytes | None, bytes | None]:
    """Key and certificate chain of the caller, as gRPC takes them."""
    if transport.certificate is None and transport.key is None:
        return None, None
    if transport.certificate is None or transport.key is None:
        raise StartupError("--certificate-file and --key-file come together: give both, or none.")
    chain = contents("--certificate-file", transport.certificate)
    chain_of("--certificate-file", chain)
    return contents("--key-file", transport.key), chain
