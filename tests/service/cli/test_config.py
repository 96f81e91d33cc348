"""`taxiway config` shows what is set and where, never a secret, and foretells what `serve` would refuse."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from service.settings import Settings
from tests.service.cli.command import fault, taxiway

CANARY = "canary-zuQ7"
URL = f"postgresql://taxiway:{CANARY}@127.0.0.1:1/taxiway"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()


def test_each_setting_has_its_value_and_its_origin(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    ended = taxiway("config", "--json", cwd=tmp_path, log_level="DEBUG", secret_key_file=str(tmp_path / "key"))
    shown = json.loads(ended.stdout)
    assert list(shown) == [f"TAXIWAY_{name.upper()}" for name in Settings.model_fields]
    assert shown["TAXIWAY_LISTEN"] == {"value": "127.0.0.1:50051", "origin": "default"}
    assert shown["TAXIWAY_LOG_LEVEL"] == {"value": "debug", "origin": "TAXIWAY_LOG_LEVEL"}
    assert shown["TAXIWAY_SECRET_KEY"] == {"value": "[hidden]", "origin": "TAXIWAY_SECRET_KEY_FILE"}
    assert shown["TAXIWAY_DATA_DIR"]["value"] == str(tmp_path / ".taxiway")
    assert not (tmp_path / ".taxiway").exists()


def test_a_list_is_shown_as_it_is_written(tmp_path: Path) -> None:
    ended = taxiway("config", "--json", cwd=tmp_path, trusted_proxies="10.0.0.0/8, ::1")
    shown = json.loads(ended.stdout)
    assert shown["TAXIWAY_TRUSTED_PROXIES"]["value"] == "10.0.0.0/8,::1/128"
    assert (shown["TAXIWAY_MTLS_LISTEN"]["value"], shown["TAXIWAY_ARGON2_TIME"]["value"]) == (None, 3)


@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "table"])
def test_secrets_are_hidden(form: list[str], tmp_path: Path) -> None:
    ended = taxiway("config", *form, cwd=tmp_path, database_url=URL, secret_key=KEY)
    assert ended.returncode == 0
    assert CANARY not in ended.stdout + ended.stderr
    assert KEY not in ended.stdout + ended.stderr


def test_production_refuses_by_name_whatever_is_unfit_for_it(tmp_path: Path) -> None:
    ended = taxiway("config", cwd=tmp_path, mode="production", listen="0.0.0.0:50051")
    assert ended.returncode == 2
    database, key, plaintext = ended.stderr.splitlines()  # test_production.py has all of them
    assert "embedded database" in database
    assert "TAXIWAY_DATABASE_URL_FILE" in database
    assert "secret key" in key
    assert "TAXIWAY_SECRET_KEY_FILE" in key
    assert "plaintext" in plaintext
    assert "TAXIWAY_LISTEN" in plaintext


def test_production_takes_a_database_a_key_and_a_loopback_address(tmp_path: Path) -> None:
    ended = taxiway("config", cwd=tmp_path, mode="production", database_url=URL, secret_key=KEY)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"secret_key": CANARY, "database_url": f"mysql://a:{CANARY}@b/c"}, ["secret key", "database URL"]),
        ({"listen": CANARY, "mode": CANARY}, ["TAXIWAY_LISTEN", "TAXIWAY_MODE"]),
        ({"secret_key_file": CANARY, "databaseurl": URL}, ["TAXIWAY_DATABASE_URL?", "TAXIWAY_SECRET_KEY_FILE"]),
    ],
    ids=["form", "value", "file"],
)
def test_wrong_values_are_named_and_not_repeated(settings: dict[str, str], named: list[str], tmp_path: Path) -> None:
    ended = taxiway("config", cwd=tmp_path, **settings)
    assert ended.returncode == 2
    sentences = ended.stderr.splitlines()
    assert [name for name, sentence in zip(named, sentences, strict=True) if name not in sentence] == []
    assert CANARY not in ended.stdout + ended.stderr


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    ended = taxiway("config", cwd=tmp_path, tls_cert_file="cert.pem", tls_key_file="key.pem")
    reason = "TAXIWAY_TLS_CERT_FILE names a file that cannot be read: No such file or directory."
    assert (ended.returncode, ended.stderr) == (2, f"taxiway: {reason}\n")


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("development", "TAXIWAY_LISTEN must have a loopback host"), ("production", "refuses plaintext off loopback")],
)
def test_serve_refuses_plaintext_off_loopback(mode: str, reason: str, tmp_path: Path) -> None:
    said = fault("serve", cwd=tmp_path, mode=mode, listen="[::]:1", database_url=URL, secret_key=KEY)
    assert said.count("\n") == 0
    assert reason in said
