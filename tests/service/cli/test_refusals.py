"""`serve` refuses settings that contradict each other, each by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.address import Address
from tests.authority import LOCALHOST, authority, issue
from tests.service.cli.fit import FIT, FOREIGN, LOOPBACK, VERIFIED, refused

CA = authority()


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """The settings of a certificate, with the authority of the callers."""
    issue(CA, *LOCALHOST).write(tmp_path, CA)
    return {
        "tls_cert_file": tmp_path / "cert.pem",
        "tls_key_file": tmp_path / "key.pem",
        "tls_client_ca_file": tmp_path / "ca.pem",
    }


def test_nothing_set_is_nothing_refused() -> None:
    assert refused() == []


@pytest.mark.parametrize("mode", ["development", "production"])
def test_off_loopback_with_tls_is_taken(mode: str, files: dict[str, Path]) -> None:
    assert refused(**FIT | files | {"mode": mode, "listen": FOREIGN, "mtls_listen": LOOPBACK}) == []


def test_plaintext_off_loopback_is_refused_unless_it_is_allowed() -> None:
    (sentence,) = refused(listen=FOREIGN)
    assert sentence.startswith("TAXIWAY_LISTEN must have a loopback host")
    assert "bearer tokens would cross the network in the clear" in sentence
    assert refused(listen=FOREIGN, allow_plaintext=True) == []


@pytest.mark.parametrize(
    ("left_out", "more", "reason"),
    [
        (["tls_key_file", "tls_client_ca_file"], {}, "TAXIWAY_TLS_CERT_FILE and TAXIWAY_TLS_KEY_FILE come together"),
        (["tls_cert_file", "tls_client_ca_file"], {}, "TAXIWAY_TLS_CERT_FILE and TAXIWAY_TLS_KEY_FILE come together"),
        (["tls_cert_file", "tls_key_file"], {}, "TAXIWAY_TLS_CLIENT_CA_FILE needs TAXIWAY_TLS_CERT_FILE"),
        (["tls_client_ca_file"], {"mtls_listen": FOREIGN}, "TAXIWAY_MTLS_LISTEN needs TAXIWAY_TLS_CLIENT_CA_FILE"),
        ([], {"mtls_listen": LOOPBACK}, "TAXIWAY_MTLS_LISTEN and TAXIWAY_LISTEN must be two addresses"),
        ([], {"argon2_memory": 8, "argon2_parallelism": 2}, "TAXIWAY_ARGON2_MEMORY must be at least 8 KiB for each"),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    files: dict[str, Path], left_out: list[str], more: dict[str, Any], reason: str
) -> None:
    kept = {name: path for name, path in files.items() if name not in left_out}
    (sentence,) = refused(**kept, **more)
    assert sentence.startswith(reason)


def test_two_free_ports_are_two_addresses(files: dict[str, Path]) -> None:
    free = Address("127.0.0.1", 0)
    assert refused(**files, listen=free, mtls_listen=free) == []


def test_a_broken_certificate_is_refused_in_every_mode(files: dict[str, Path]) -> None:
    files["tls_cert_file"].write_bytes(b"")
    for given in ({}, FIT):
        (sentence,) = refused(**given, **files)
        assert sentence.startswith("TAXIWAY_TLS_CERT_FILE names a file that holds something else")


def test_an_expired_certificate_is_refused_in_production_alone(files: dict[str, Path], tmp_path: Path) -> None:
    issue(CA, *LOCALHOST, until=-timedelta(seconds=1)).write(tmp_path)
    assert refused(**files) == []
    (sentence,) = refused(**FIT, **files)
    assert sentence.startswith("TAXIWAY_MODE=production refuses a certificate that does not hold")


@pytest.mark.parametrize("mode", ["development", "production"])
def test_a_database_of_ones_own_needs_a_secret_key(mode: str) -> None:
    (sentence,) = refused(mode=mode, database_url=VERIFIED)
    assert "TAXIWAY_SECRET_KEY_FILE" in sentence
