"""A certificate authority for tests: real keys, real certificates, none of them ever trusted by anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from service.certificates import CertificateFiles

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
DAY = timedelta(days=1)
LOCALHOST = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))
PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    private: Key

    @property
    def chain(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key(self) -> bytes:
        return self.private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def write(self, folder: Path, client_ca: Issued | None = None) -> CertificateFiles:
        """Puts each file in the place of the one before it, the certificate first, as a tool for renewals does."""
        _replace(folder / "cert.pem", self.chain)
        _replace(folder / "key.pem", self.key)
        if client_ca is None:
            return CertificateFiles(folder / "cert.pem", folder / "key.pem")
        _replace(folder / "ca.pem", client_ca.chain)
        return CertificateFiles(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")


def authority(name: str = "Test authority") -> Issued:
    """One that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    limits = x509.BasicConstraints(ca=True, path_length=None)
    builder = _builder(name, _name(name), key).add_extension(limits, critical=True)
    return Issued(builder.sign(key, hashes.SHA256()), key)


def issue(
    issuer: Issued,
    *names: x509.GeneralName,
    key: Key | None = None,
    begin: timedelta = -DAY,
    until: timedelta = 10 * DAY,
    purpose: x509.ObjectIdentifier | None = None,
) -> Issued:
    """A leaf for these alternative names that holds from now + `begin` to now + `until`."""
    private = ec.generate_private_key(ec.SECP256R1()) if key is None else key
    builder = _builder("leaf", issuer.certificate.subject, private, (begin, until))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    return Issued(builder.sign(issuer.private, hashes.SHA256()), private)


def _builder(
    name: str, issuer: x509.Name, key: Key, times: tuple[timedelta, timedelta] = (-DAY, 10 * DAY)
) -> x509.CertificateBuilder:
    begin, end = (datetime.now(UTC) + time for time in times)
    return x509.CertificateBuilder(issuer, _name(name), key.public_key(), x509.random_serial_number(), begin, end)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)
