"""`taxiway db` works on the database of the settings, else on the embedded one: attached to, or started and stopped."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import migrations
from persistence.embedded import attach
from tests.persistence.embedded_watch import value
from tests.service.cli.command import environment, fault, serving, taxiway

CANARY = "canary-zuQ7"
HEAD = migrations.head()


def done(*arguments: str, cwd: Path, **settings: str) -> str:
    """What a command prints that does its work."""
    ended = taxiway("db", *arguments, cwd=cwd, **settings)
    assert ended.returncode == 0, ended
    assert "Traceback" not in ended.stderr
    return ended.stdout


def test_the_embedded_database_is_started_for_the_command_and_stopped_after_it(ground: Path) -> None:
    place = f"The embedded database in {ground / '.taxiway'} is at revision {HEAD}"
    first = taxiway("db", "upgrade", cwd=ground)
    assert (first.returncode, first.stdout) == (0, f"{place}, and was at base.\n")
    assert first.stderr.startswith("Started the embedded PostgreSQL for this command.\n")
    assert done("upgrade", cwd=ground) == f"{place} already.\n"
    assert attach(ground / ".taxiway") is None


def test_a_running_embedded_database_is_attached_to_and_goes_on(ground: Path) -> None:
    with serving(ground) as server:
        ended = taxiway("db", "check", cwd=ground)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert server.process.poll() is None
        assert attach(ground / ".taxiway") is not None


def test_upgrade_check_and_downgrade_act_on_the_database_of_the_settings(
    empty_database_url: str, tmp_path: Path
) -> None:
    url = empty_database_url
    assert done("upgrade", cwd=tmp_path, database_url=url).endswith(f" is at revision {HEAD}.\n")
    assert done("check", cwd=tmp_path, database_url=url).endswith(" is the one that this release expects.\n")
    assert done("downgrade", "base", "--yes", cwd=tmp_path, database_url=url).endswith(" back to revision base.\n")
    assert value(url, "SELECT to_regclass('users')::text") is None
    assert list(tmp_path.iterdir()) == []


def test_check_finds_drift_and_answers_1(database_url: str, tmp_path: Path) -> None:
    value(database_url, "ALTER TABLE users ADD COLUMN stray int")
    ended = taxiway("db", "check", cwd=tmp_path, database_url=database_url)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "stray" in ended.stdout


def test_downgrade_asks_first_and_without_a_terminal_refuses(database_url: str, tmp_path: Path) -> None:
    said = fault("db", "downgrade", "base", cwd=tmp_path, database_url=database_url)
    assert said == "taxiway: `taxiway db downgrade` destroys data: say --yes where there is no terminal to ask on."
    assert value(database_url, "SELECT to_regclass('users')::text") == "users"


@pytest.mark.parametrize(
    ("answer", "exit_code", "left"), [("no\n", 2, "users"), ("\x04", 2, "users"), ("yes\n", 0, None)]
)
def test_downgrade_takes_yes_on_a_terminal_and_nothing_else(
    answer: str, exit_code: int, left: str | None, database_url: str, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    ended = subprocess.run(
        [sys.executable, "-m", "service", "db", "downgrade", "base"],
        cwd=tmp_path,
        env=environment({"database_url": database_url}),
        stdin=theirs,
        capture_output=True,
        text=True,
        check=False,
    )
    for end in (ours, theirs):
        os.close(end)
    assert (ended.returncode, "Traceback" in ended.stderr) == (exit_code, False)
    assert value(database_url, "SELECT to_regclass('users')::text") == left


def test_sql_is_printed_without_a_database_and_without_settings(tmp_path: Path) -> None:
    ended = taxiway("db", "sql", cwd=tmp_path, listen="nonsense", mode="production")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "CREATE TABLE tasks" in ended.stdout
    assert "DROP TABLE tasks" in done("sql", "head:base", cwd=tmp_path)


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (["upgrade"], {"database_url": f"postgresql://a:{CANARY}@127.0.0.1:1/b"}, "127.0.0.1:1/b cannot be reached"),
        (["upgrade"], {"database_url": f"mysql://a:{CANARY}@b/c"}, "database URL"),
        (["upgrade"], {"mode": "production"}, "TAXIWAY_DATABASE_URL"),
        (["sql", "one:two"], {}, "four digits"),
    ],
    ids=["down", "scheme", "production", "range"],
)
def test_a_fault_is_one_sentence(arguments: list[str], settings: dict[str, str], named: str, tmp_path: Path) -> None:
    said = fault("db", *arguments, cwd=tmp_path, **settings)
    assert said.count("\n") == 0
    assert named in said
    assert CANARY not in said


def test_a_wrong_account_is_one_sentence(database_url: str, tmp_path: Path) -> None:
    said = fault("db", "upgrade", cwd=tmp_path, database_url=database_url.replace("taxiway@", f"nobody:{CANARY}@", 1))
    assert said.count("\n") == 0
    assert CANARY not in said


def test_production_needs_a_database_and_nothing_else_of_serve(empty_database_url: str, tmp_path: Path) -> None:
    done("upgrade", cwd=tmp_path, database_url=empty_database_url, mode="production")
