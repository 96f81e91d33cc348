"""Production refuses what is weaker than a service on a network may be, each by name, all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from service.address import networks
from tests.authority import authority
from tests.service.cli.fit import FIT, FOREIGN, KEY, VERIFIED, key, refused, url


@pytest.fixture(autouse=True)
def _no_libpq(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)


WEAK: dict[str, tuple[dict[str, Any], str]] = {
    "embedded database": ({"database_url": None}, "refuses the embedded database"),
    "no secret key": ({"secret_key": None}, "refuses to make a secret key"),
    "constant key": ({"secret_key": key(b"\0" * 32)}, "refuses a secret key that repeats itself"),
    "word as key": (
        {"secret_key": key(b"changemechangemechangemechangeme")},
        "refuses a secret key that repeats itself",
    ),
    "old key": ({"secret_key": SecretStr(f"{KEY.get_secret_value()},{'A' * 43}")}, "a secret key that repeats itself"),
    "plaintext": ({"listen": FOREIGN}, "refuses plaintext off loopback"),
    "allowed": ({"allow_plaintext": True}, "refuses TAXIWAY_ALLOW_PLAINTEXT"),
    "memory": ({"argon2_memory": 19 * 1024 - 1}, "refuses TAXIWAY_ARGON2_MEMORY below 19456"),
    "time": ({"argon2_time": 1}, "refuses TAXIWAY_ARGON2_TIME below 2"),
    "proxies": ({"trusted_proxies": networks("10.0.0.0/8,::/0")}, "refuses a TAXIWAY_TRUSTED_PROXIES"),
    "log": ({"log_level": "debug"}, "refuses TAXIWAY_LOG_LEVEL=debug"),
    "unverified": ({"database_url": url("db.example/taxiway")}, "refuses a database that anybody could pass for"),
}


def test_production_takes_what_is_fit_for_it() -> None:
    assert refused(**FIT) == []
    assert refused(**FIT, argon2_memory=19 * 1024, argon2_time=2, trusted_proxies=networks("10.0.0.0/8")) == []


@pytest.mark.parametrize("name", WEAK)
def test_production_refuses_what_is_weak(name: str) -> None:
    weak, reason = WEAK[name]
    (sentence,) = refused(**FIT | weak)
    assert sentence.startswith("TAXIWAY_MODE=production refuses ")
    assert reason in sentence
    assert "canary" not in sentence


@pytest.mark.parametrize("name", sorted(set(WEAK) - {"plaintext", "no secret key"}))
def test_development_takes_it(name: str) -> None:
    assert refused(**{"secret_key": KEY, "database_url": VERIFIED} | WEAK[name][0]) == []


def test_production_names_all_of_it_at_once() -> None:
    left_out = ("constant key", "word as key", "old key", "unverified")
    together: dict[str, Any] = {"mode": "production"}
    for name, (weak, _) in WEAK.items():
        together |= {} if name in left_out else weak
    said = refused(**together)
    assert len(said) == len(WEAK) - len(left_out)


@pytest.mark.parametrize(
    "place",
    [
        *[f"db.example/taxiway?sslmode={mode}" for mode in ("disable", "allow", "prefer", "require", "verify-ca")],
        "db.example/taxiway?sslmode=require&sslrootcert=",
        "127.0.0.1,db.example/taxiway",
        "10.0.0.1/taxiway",
        "/taxiway?host=db.example",
    ],
)
def test_production_refuses_a_connection_to_the_database_that_does_not_verify_it(place: str) -> None:
    (sentence,) = refused(**FIT | {"database_url": url(place)})
    assert "add sslmode=verify-full" in sentence


@pytest.mark.parametrize(
    "place",
    [
        "db.example/taxiway?sslmode=verify-full",
        "127.0.0.1:1/taxiway",
        "[::1],localhost/taxiway?sslmode=disable",
        "/taxiway?host=/run/postgresql",
        "/taxiway",
    ],
)
def test_production_takes_one_that_does_or_that_stays_on_the_machine(place: str) -> None:
    assert refused(**FIT | {"database_url": url(place)}) == []


@pytest.mark.parametrize(("mode", "verifies"), [("require", False), ("verify-ca", False), ("verify-full", True)])
def test_an_authority_of_ones_own_is_not_enough_without_the_name(mode: str, verifies: bool, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(authority().chain)
    place = f"db.example/taxiway?sslmode={mode}&sslrootcert={tmp_path / 'ca.pem'}"
    assert (refused(**FIT | {"database_url": url(place)}) == []) is verifies


def test_what_libpq_reads_from_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert len(refused(**FIT | {"database_url": url("/taxiway")})) == 1
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    assert refused(**FIT | {"database_url": url("/taxiway")}) == []
