"""The secret key is made once for the embedded database, kept to its owner, and asked for with any other."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from pydantic import SecretStr

from service import secret_key
from service.errors import StartupError
from service.settings import Settings

NEW, OLD = bytes(range(32)), bytes(range(223, 255))


def encoded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


TWICE, THRICE = [NEW, NEW], [NEW, OLD, bytes(32)]
NO_KEYS = ["canary", encoded(NEW)[:-4], f"{encoded(NEW)}AAAA", f"{encoded(NEW)},", "é" * 43]
NO_KEYS += [",".join(map(encoded, keys)) for keys in (TWICE, THRICE)]


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = secret_key.load(settings, embedded=True)
    assert [len(key) for key in first.values] == [32]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert secret_key.load(settings, embedded=True) == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_two_directories_have_two_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (secret_key.load(Settings(data_dir=tmp_path / name), embedded=True) for name in ("one", "two"))
    assert one != two


def test_the_setting_wins_over_the_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=SecretStr(encoded(NEW)))
    assert secret_key.load(settings, embedded=True).values == (NEW,)
    assert list(tmp_path.iterdir()) == []


def test_two_keys_are_read_the_newest_first() -> None:
    settings = Settings(secret_key=SecretStr(f"{encoded(NEW)}, {encoded(OLD)}\n"))
    assert secret_key.load(settings, embedded=False).values == (NEW, OLD)


@pytest.mark.parametrize("form", [encoded(OLD), encoded(OLD).rstrip("="), base64.b64encode(OLD).decode()])
def test_either_alphabet_is_read_with_and_without_padding(form: str) -> None:
    assert secret_key.parse(form, "It").values == (OLD,)


def test_another_database_needs_one_and_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"TAXIWAY_SECRET_KEY_FILE .*`openssl rand -base64 32`"):
        secret_key.load(Settings(data_dir=tmp_path), embedded=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", NO_KEYS)
def test_what_is_no_key_is_one_sentence_that_does_not_repeat_it(text: str) -> None:
    with pytest.raises(StartupError, match="secret key in the settings") as caught:
        secret_key.load(Settings(secret_key=SecretStr(text)), embedded=True)
    assert all(part not in str(caught.value) for part in text.split(",") if part)


def test_a_damaged_file_is_named_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_bytes(b"\xff\x00")
    with pytest.raises(StartupError, match=str(tmp_path / "secret_key")):
        secret_key.load(Settings(data_dir=tmp_path), embedded=True)
    assert (tmp_path / "secret_key").read_bytes() == b"\xff\x00"


def test_a_directory_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="cannot be read or made: No such file or directory"):
        secret_key.load(Settings(data_dir=tmp_path / "none"), embedded=True)


def test_its_text_forms_do_not_show_it() -> None:
    assert repr(secret_key.SecretKeys((NEW,))) == "SecretKeys()"
