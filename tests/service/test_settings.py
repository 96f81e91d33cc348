"""Settings come from the environment or from files, are checked whole, and every fault has its own sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from service import settings
from service.address import Address
from service.errors import StartupError

CANARY = "canary-zuQ7"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("TAXIWAY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


def refusal() -> list[str]:
    """The sentences of a load that fails."""
    with pytest.raises(StartupError) as caught:
        settings.load()
    return str(caught.value).splitlines()


def test_nothing_has_to_be_set() -> None:
    found = settings.load()
    assert found.listen == Address("127.0.0.1", 50051)
    assert (found.database_url, found.secret_key, found.metrics_listen) == (None, None, None)
    assert (found.mode, found.pooler, found.purge) == ("development", "none", "on")
    assert (found.data_dir, found.drain_delay) == (Path(".taxiway").absolute(), 0.25)
    assert (found.tls_cert_file, found.mtls_listen, found.allow_plaintext, found.trusted_proxies) == (
        None,
        None,
        False,
        (),
    )


def test_paths_are_those_of_the_directory_that_it_starts_in(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given.chdir(tmp_path)
    given.setenv("TAXIWAY_TLS_KEY_FILE", "key.pem")
    assert settings.load().tls_key_file == tmp_path / "key.pem"


def test_networks_are_read_with_and_without_spaces(given: pytest.MonkeyPatch) -> None:
    given.setenv("TAXIWAY_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8,192.0.2.1")
    assert list(map(str, settings.load().trusted_proxies)) == ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"]


def test_they_cannot_be_changed_after_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings.load().mode = "production"  # type: ignore[misc] # The claim is that this fails.


def test_a_secret_comes_from_a_file_without_its_line_end(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"postgresql://a:{CANARY}@b/c\n")
    given.setenv("TAXIWAY_DATABASE_URL_FILE", str(tmp_path / "url"))
    found = settings.load()
    assert found.database_url == SecretStr(f"postgresql://a:{CANARY}@b/c")
    assert CANARY not in repr(found) + str(found)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (b"", "empty"), (b"\n", "empty"), (b"\xff\xfe", "UTF-8")]
)
def test_a_file_without_a_secret_is_one_sentence(
    given: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / CANARY).write_bytes(content)
    given.setenv("TAXIWAY_SECRET_KEY_FILE", str(tmp_path / CANARY))
    (sentence,) = refusal()
    assert sentence.startswith("TAXIWAY_SECRET_KEY_FILE ")
    assert reason in sentence
    assert CANARY not in sentence


def test_a_secret_given_twice_is_refused(given: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("other")
    given.setenv("TAXIWAY_SECRET_KEY", CANARY)
    given.setenv("TAXIWAY_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert refusal() == ["TAXIWAY_SECRET_KEY and TAXIWAY_SECRET_KEY_FILE are both set: give one of them."]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TAXIWAY_LISTN", "did you mean TAXIWAY_LISTEN?"),
        ("TAXIWAY_DATABASEURL_FILE", "did you mean TAXIWAY_DATABASE_URL_FILE?"),
        ("TAXIWAY_LISTEN_FILE", "did you mean TAXIWAY_LISTEN?"),
        ("TAXIWAY_TLS_CERT", "did you mean TAXIWAY_TLS_CERT_FILE?"),
        ("TAXIWAY_QQ", "`taxiway serve --help` lists them all."),
    ],
)
def test_an_unknown_variable_is_refused_with_a_hint(given: pytest.MonkeyPatch, name: str, hint: str) -> None:
    given.setenv(name, CANARY)
    assert refusal() == [f"{name} is not a setting: {hint}"]


def test_variables_that_others_read_are_let_through(given: pytest.MonkeyPatch) -> None:
    given.setenv("TAXIWAY_PG_BINDIR", "anywhere")
    given.setenv("TAXIWAY_TEST_DATABASE_URL", "anything")
    settings.load()


def test_an_empty_variable_is_as_good_as_none(given: pytest.MonkeyPatch) -> None:
    for name in ("LISTEN", "DATABASE_URL", "SECRET_KEY_FILE", "MODE"):
        given.setenv(f"TAXIWAY_{name}", "")
    assert settings.load() == settings.Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("LISTEN", text) for text in ("host", "a:65536")],
        *[("DRAIN_DELAY", text) for text in ("-1", "60.1", "nan", "inf", "soon")],
        *[("TRUSTED_PROXIES", text) for text in (CANARY, "10.0.0.1/8", "10.0.0.0/8,", "*")],
        *[("AUDIENCE", text) for text in ("a b", "é", "a" * 201, "a\n")],
        *[("ARGON2_MEMORY", text) for text in ("7", "1048577", "64MiB")],
        *[("ARGON2_TIME", text) for text in ("0", "101")],
        *[("ARGON2_PARALLELISM", text) for text in ("0", "65")],
        *[("HASHING_THREADS", text) for text in ("0", "257")],
        *[("SIGN_IN_LIMIT", text) for text in ("0", "1001")],
        *[
            (name, CANARY)
            for name in (
                "MODE",
                "POOLER",
                "PURGE",
                "LOG_LEVEL",
                "LOG_FORMAT",
                "REUSE_PORT",
                "METRICS_LISTEN",
                "MTLS_LISTEN",
            )
        ],
    ],
)
def test_a_value_that_is_not_allowed_is_one_sentence_with_what_is(
    given: pytest.MonkeyPatch, name: str, value: str
) -> None:
    given.setenv(f"TAXIWAY_{name}", value)
    (sentence,) = refusal()
    assert sentence.startswith(f"TAXIWAY_{name} ")
    assert f"it must be {settings.Settings.model_fields[name.lower()].description}." in sentence
    assert CANARY not in sentence


def test_every_fault_has_its_sentence(given: pytest.MonkeyPatch) -> None:
    for name in ("LISTEN", "MODE", "DRAIN_DELAY", "LISTN"):
        given.setenv(f"TAXIWAY_{name}", CANARY)
    assert [sentence.split()[0].removeprefix("TAXIWAY_") for sentence in refusal()] == [
        "LISTN",
        "LISTEN",
        "MODE",
        "DRAIN_DELAY",
    ]
