"""The certificates that a database URL names are loaded at start and verified as its mode says."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from persistence.url import UrlError, parse

BEFORE = "postgresql://me@db.example"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One file with a certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "db.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=9999))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "with space.pem"
    file.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(encoding) + private)
    return file


@pytest.mark.parametrize(("mode", "checks_name"), [("require", False), ("verify-ca", False), ("verify-full", True)])
def test_certificates_are_loaded_and_verified_as_the_mode_says(certificate: Path, mode: str, checks_name: bool) -> None:
    found = parse(f"{BEFORE}/db?sslmode={mode}&sslrootcert={certificate}&sslcert={certificate}").connect_args["ssl"]
    assert isinstance(found, ssl.SSLContext)
    assert (found.verify_mode, found.check_hostname) == (ssl.CERT_REQUIRED, checks_name)
    assert len(found.get_ca_certs()) == 1


def test_a_client_certificate_alone_verifies_nobody(certificate: Path) -> None:
    found = parse(f"{BEFORE}/db?sslmode=require&sslcert={certificate}&sslkey={certificate}").connect_args["ssl"]
    assert isinstance(found, ssl.SSLContext)
    assert found.verify_mode == ssl.CERT_NONE


def test_the_authorities_of_the_system_verify_the_name_too() -> None:
    found = parse(f"{BEFORE}/db?sslmode=verify-full&sslrootcert=system").connect_args["ssl"]
    assert isinstance(found, ssl.SSLContext)
    assert found.check_hostname


def test_a_file_that_is_no_certificate_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    with pytest.raises(
        UrlError, match=r"^sslrootcert in the database URL cannot be used: is not a readable certificate"
    ):
        parse(f"{BEFORE}/db?sslmode=verify-ca&sslrootcert={tmp_path / 'empty.pem'}")
