"""Certificate, key and authorities are checked before they are served; each fault is one sentence with its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, PrivateFormat

from service import certificates
from service.certificates import CertificateFiles
from service.errors import StartupError
from service.settings import Settings
from tests.authority import DAY, LOCALHOST, PEM, Key, authority, issue

CA = authority()
LEAF = issue(CA, *LOCALHOST)
ENCRYPTED = LEAF.private.private_bytes(PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))


@pytest.fixture
def files(tmp_path: Path) -> CertificateFiles:
    return LEAF.write(tmp_path, CA)


def fault(files: CertificateFiles) -> str:
    with pytest.raises(StartupError) as caught:
        certificates.read(files)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_is_fit_for_use_is_read_whole(files: CertificateFiles) -> None:
    found = certificates.read(files)
    assert (found.chain, found.key, found.client_ca) == (LEAF.chain, LEAF.key, CA.chain)
    assert found.leaf == LEAF.certificate
    assert "PRIVATE" not in repr(found)


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("cert.pem", None, "TAXIWAY_TLS_CERT_FILE names a file that cannot be read: No such file"),
        ("cert.pem", b"", "TAXIWAY_TLS_CERT_FILE names a file that holds something else than certificates"),
        ("cert.pem", LEAF.chain[:300], "TAXIWAY_TLS_CERT_FILE names a file that holds something else"),
        ("cert.pem", LEAF.key, "TAXIWAY_TLS_CERT_FILE names a file that holds something else"),
        ("cert.pem", CA.chain + LEAF.chain, "TAXIWAY_TLS_KEY_FILE holds the key of another certificate"),
        ("key.pem", None, "TAXIWAY_TLS_KEY_FILE names a file that cannot be read: No such file"),
        ("key.pem", LEAF.key[:100], "TAXIWAY_TLS_KEY_FILE names a file that holds no private key"),
        ("key.pem", LEAF.chain, "TAXIWAY_TLS_KEY_FILE names a file that holds no private key"),
        ("key.pem", ENCRYPTED, "TAXIWAY_TLS_KEY_FILE names a file whose key is encrypted"),
        ("key.pem", CA.key, "TAXIWAY_TLS_KEY_FILE holds the key of another certificate"),
        ("ca.pem", None, "TAXIWAY_TLS_CLIENT_CA_FILE names a file that cannot be read: No such file"),
        ("ca.pem", b"x", "TAXIWAY_TLS_CLIENT_CA_FILE names a file that holds something else"),
    ],
    ids=range(12),  # keys are made anew by each process of a test run, which must agree on names
)
def test_a_file_that_is_unfit_is_named(
    files: CertificateFiles, tmp_path: Path, file: str, content: bytes | None, reason: str
) -> None:
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    assert fault(files).startswith(reason)


REFUSED: dict[str, Callable[[], Key]] = {
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "RSA 1024": lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505 - The claim is that it is refused.
}
TAKEN: dict[str, Callable[[], Key]] = {
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_kind_of_key_that_handshakes_would_fail_with_is_refused(kind: str, tmp_path: Path) -> None:
    leaf = issue(CA, *LOCALHOST, key=REFUSED[kind]())
    assert fault(leaf.write(tmp_path)).startswith("TAXIWAY_TLS_CERT_FILE must be for a key of P-256")


@pytest.mark.parametrize("kind", TAKEN)
def test_the_other_kinds_are_taken(kind: str, tmp_path: Path) -> None:
    leaf = issue(CA, *LOCALHOST, key=TAKEN[kind]())
    assert certificates.read(leaf.write(tmp_path)).leaf == leaf.certificate


def test_the_times_of_a_certificate_are_told(tmp_path: Path) -> None:
    found = certificates.read(issue(CA, *LOCALHOST, until=DAY).write(tmp_path))
    now = certificates.now()
    assert found.outside(now) is None
    assert "expired at" in str(found.outside(now + 2 * DAY))
    assert "holds from" in str(found.outside(now - 2 * DAY))


def test_the_stamp_changes_with_each_file_and_with_nothing_else(files: CertificateFiles, tmp_path: Path) -> None:
    stamps = [files.stamp()]
    assert files.stamp() == stamps[0]
    for name in ("cert.pem", "key.pem", "ca.pem"):
        (tmp_path / name).rename(tmp_path / "aside")
        (tmp_path / name).write_bytes((tmp_path / "aside").read_bytes())
        stamps.append(files.stamp())
    (tmp_path / "key.pem").unlink()
    assert len({*stamps, files.stamp()}) == 5


def test_without_a_certificate_there_are_no_files(tmp_path: Path) -> None:
    assert certificates.files_of(Settings()) is None
    settings = Settings(tls_cert_file=tmp_path / "cert.pem", tls_key_file=tmp_path / "key.pem")
    assert certificates.files_of(settings) == CertificateFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
