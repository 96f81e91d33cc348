"""The service's certificate, its key and the authorities of its callers, as they stand in files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from service.errors import StartupError
from service.settings import Settings

CERTIFICATE, KEY, CLIENT_CA = "TAXIWAY_TLS_CERT_FILE", "TAXIWAY_TLS_KEY_FILE", "TAXIWAY_TLS_CLIENT_CA_FILE"
RSA_BITS = 2048  # at least (NIST SP 800-131A)

Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the PEM files are: the chain, leaf first; its key, not encrypted; authorities for callers' certificates."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def stamp(self) -> Stamp:
        """Time of change, size and inode of each file, None for one that is not there: equal while none changed."""
        paths = (self.certificate, self.key, self.client_ca)
        return tuple(_stamp(path) for path in paths if path is not None)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the files held when they were read, in PEM; the key is the one of the leaf."""

    chain: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None
    leaf: x509.Certificate

    @property
    def ends(self) -> datetime:
        return self.leaf.not_valid_after_utc

    def outside(self, moment: datetime) -> str | None:
        """Why the certificate does not hold at that moment, in one sentence; None where it does."""
        if moment > self.ends:
            return f"{CERTIFICATE} holds a certificate that expired at {self.ends:%Y-%m-%d %H:%M} UTC."
        if moment < self.leaf.not_valid_before_utc:
            begins = self.leaf.not_valid_before_utc
            return f"{CERTIFICATE} holds a certificate that holds from {begins:%Y-%m-%d %H:%M} UTC on only."
        return None


def files_of(settings: Settings) -> CertificateFiles | None:
    """The files that the settings name; None where the service has no certificate."""
    if settings.tls_cert_file is None or settings.tls_key_file is None:
        return None
    return CertificateFiles(settings.tls_cert_file, settings.tls_key_file, settings.tls_client_ca_file)


def read(files: CertificateFiles) -> Certificate:
    """Reads and checks all of them; the times of the certificate are not looked at.

    Raises StartupError in one sentence: a file that is not readable or not PEM, a key that is encrypted or of another
    certificate, a kind of key that no handshake of gRPC takes.
    """
    chain, key = contents(CERTIFICATE, files.certificate), contents(KEY, files.key)
    leaf = chain_of(CERTIFICATE, chain)[0]
    _check_kind(leaf)
    if leaf.public_key() != _public_part(key):
        raise StartupError(f"{KEY} holds the key of another certificate than the first one in {CERTIFICATE}.")
    client_ca = None
    if files.client_ca is not None:
        client_ca = contents(CLIENT_CA, files.client_ca)
        chain_of(CLIENT_CA, client_ca)
    return Certificate(chain, key, client_ca, leaf)


def contents(name: str, path: Path) -> bytes:
    """The bytes of the file that the setting or option `name` names. Raises StartupError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartupError(f"{name} names a file that cannot be read: {error.strerror}.") from None


def chain_of(name: str, pem: bytes) -> list[x509.Certificate]:
    """One certificate or more, in the order of the file. Raises StartupError."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise StartupError(f"{name} names a file that holds something else than certificates in PEM.") from None


def now() -> datetime:
    return datetime.now(UTC)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:  # said by whoever reads it
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _check_kind(leaf: x509.Certificate) -> None:
    """BoringSSL as gRPC sets it up signs with no other kinds: handshakes would fail one by one."""
    try:
        key = leaf.public_key()
    except (UnsupportedAlgorithm, ValueError):
        key = None
    is_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS
    is_ec = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in {"secp256r1", "secp384r1"}
    if not is_rsa and not is_ec:
        raise StartupError(f"{CERTIFICATE} must be for a key of P-256, P-384 or RSA with {RSA_BITS} bits or more.")


def _public_part(key: bytes) -> object:
    try:
        # The full check of an RSA key takes up to 0.3 s, during which the service would stand still at each reload.
        return load_pem_private_key(key, None, unsafe_skip_rsa_key_validation=True).public_key()
    except TypeError:
        raise StartupError(f"{KEY} names a file whose key is encrypted: the service has no password for it.") from None
    except (UnsupportedAlgorithm, ValueError):
        raise StartupError(f"{KEY} names a file that holds no private key in PEM.") from None
