"""The command line teaches, is quick, and answers a wrong one in one sentence."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from service.settings import Settings
from tests.service.cli.command import environment, fault, taxiway

GROUPS = [(), *((name,) for name in ("serve", "token", "user", "keys", "db", "tasks", "config", "health"))]
ACTIONS = [
    *(("db", name) for name in ("upgrade", "downgrade", "sql", "check", "rotate-keys")),
    *(("keys", name) for name in ("rotate", "list")),
    ("user", "create-admin"),
    *(("tasks", name) for name in ("import", "export")),
]


@pytest.mark.parametrize("page", [*GROUPS, *ACTIONS], ids=" ".join)
def test_the_help_of_every_command_teaches(page: tuple[str, ...], tmp_path: Path) -> None:
    ended = taxiway(*page, "--help", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(" ".join(["usage: taxiway", *page]))
    if len(page) < 2:  # a page for an action is short: the group's has the rest
        assert "example:\n" in ended.stdout
        assert "exit codes:\n  0  " in ended.stdout


def test_the_help_explains_every_setting(tmp_path: Path) -> None:
    shown = taxiway("serve", "--help", cwd=tmp_path).stdout
    assert [name for name in Settings.model_fields if f"TAXIWAY_{name.upper()}" not in shown] == []


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["config"]], ids=" ".join)
def test_what_answers_without_the_service_loads_neither_grpc_nor_the_database(
    arguments: list[str], tmp_path: Path
) -> None:
    program = "import sys; from service.__main__ import main\ntry: main(sys.argv[1:])\nexcept SystemExit: pass\n"
    program += "print('|'.join(sorted({'grpc', 'sqlalchemy', 'alembic', 'asyncpg'} & sys.modules.keys())))"
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.splitlines()[-1] == ""


def test_the_version_is_the_one_of_the_package(tmp_path: Path) -> None:
    ended = taxiway("--version", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, f"taxiway {version('taxiway')}\n")


@pytest.mark.parametrize(
    "arguments",
    [("frob",), ("serve", "--port", "1"), ("db",), ("health", "--timeout", "0"), ("token", "ada"), ("keys", "revoke")],
    ids=" ".join,
)
def test_a_wrong_command_line_is_one_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert fault(*arguments, cwd=tmp_path).count("\n") == 0


def test_no_command_at_all_shows_the_help_and_is_a_fault(tmp_path: Path) -> None:
    ended = taxiway(cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("usage: taxiway")
