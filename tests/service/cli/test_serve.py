"""`taxiway serve` starts whole or says in one sentence why not, and leaves nothing behind however it ends."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from persistence.embedded import attach
from tests.persistence.embedded_watch import living, until, value
from tests.service.cli.command import HINT, ROOT, family, fault, serving, started, taxiway

CANARY = "canary-zuQ7"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
DOWN = f"postgresql://taxiway:{CANARY}@127.0.0.1:1/taxiway"
ENDINGS = [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)]

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no signal tells of a parent's death")


def lines(log: Path) -> list[dict[str, object]]:
    """What the log holds: one JSON object a line, but for the hint of the first start."""
    return [json.loads(line) for line in log.read_text().splitlines() if not line.startswith(HINT)]


def test_the_first_start_sets_everything_up_and_says_so(ground: Path) -> None:
    with serving(ground) as server:
        said = [str(line["event"]) for line in lines(server.log)]
        assert said.count("embedded PostgreSQL started") == 1
        assert said.count("schema of the embedded database upgraded") == 1
        assert server.end(signal.SIGTERM) == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == ""


def test_a_restart_keeps_data_and_key_and_does_without_alembic(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(ground):
        before = _identity(ground)
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")  # Python lists what it imports on standard error.
    with serving(ground) as again:
        assert _identity(ground) == before
        assert "sqlalchemy" in again.log.read_text()
        assert "alembic" not in again.log.read_text()


def _identity(ground: Path) -> tuple[object, bytes]:
    url = attach(ground / ".taxiway")
    assert url is not None
    cluster = value(url, "SELECT system_identifier::text || (SELECT min(id::text) FROM users) FROM pg_control_system()")
    return cluster, (ground / ".taxiway" / "secret_key").read_bytes()


@linux
def test_it_ends_with_its_database_and_says_so(ground: Path) -> None:
    with serving(ground) as server:
        [started_line] = [line for line in lines(server.log) if line["event"] == "embedded PostgreSQL started"]
        os.kill(int(str(started_line["process"])), signal.SIGKILL)
        assert server.process.wait(20) == 1
        assert any("ended by itself" in str(line["event"]) for line in lines(server.log))


@linux
@pytest.mark.parametrize(("end", "exit_code"), ENDINGS, ids=lambda value: getattr(value, "name", ""))
def test_no_postgres_outlives_it(ground: Path, end: signal.Signals, exit_code: int) -> None:
    with serving(ground) as server:
        processes = family(server.process.pid)
        assert len(processes) > 3
        assert server.end(end) == exit_code
        assert until(lambda: not living(processes), 2)


@linux
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT], ids=lambda end: end.name)
def test_a_signal_while_the_database_starts_ends_it_cleanly(ground: Path, end: signal.Signals) -> None:
    with started(ground) as process:
        assert until(lambda: len(family(process.pid)) > 1, 30)
        processes = family(process.pid)
        process.send_signal(end)
        assert process.wait(30) == 0
        assert until(lambda: not living(processes), 2)
        assert process.stdout is not None
        assert process.stdout.read() == ""
    assert "Traceback" not in (ground / "log").read_text()


def test_a_second_one_on_the_same_directory_names_the_first_and_leaves_it_alone(ground: Path) -> None:
    with serving(ground) as first:
        said = fault("serve", cwd=ground, listen="127.0.0.1:0")
        assert f"service serve (process {first.process.pid}) already serves the database in" in said
        assert said.count("\n") == 0
        assert taxiway("health", "--address", first.address, cwd=ground).stdout == "SERVING\n"


def test_a_taken_port_is_one_sentence(ground: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = fault("serve", cwd=ground, listen=address)
    assert said.count("\n") == 0
    assert address in said
    assert attach(ground / ".taxiway") is None


def test_a_database_that_is_down_is_one_sentence_without_its_password(tmp_path: Path) -> None:
    said = fault("serve", cwd=tmp_path, database_url=DOWN, secret_key=KEY)
    assert said.count("\n") == 0
    assert "127.0.0.1:1/taxiway" in said
    assert CANARY not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", [f"mysql://a:{CANARY}@b/c", f"postgresql://a:{CANARY}@b:0/c"], ids=["scheme", "port"])
def test_a_wrong_url_is_one_sentence_that_does_not_repeat_it(url: str, tmp_path: Path) -> None:
    said = fault("serve", cwd=tmp_path, database_url=url, secret_key=KEY)
    assert said.count("\n") == 0
    assert CANARY not in said


def test_an_empty_database_of_ones_own_is_refused_with_the_command_that_helps(
    empty_database_url: str, tmp_path: Path
) -> None:
    said = fault("serve", cwd=tmp_path, database_url=empty_database_url, secret_key=KEY)
    assert said == "taxiway: The database is empty: run `taxiway db upgrade`."


def test_a_database_of_ones_own_needs_a_secret_key(tmp_path: Path) -> None:
    said = fault("serve", cwd=tmp_path, database_url=DOWN)
    assert "TAXIWAY_SECRET_KEY_FILE" in said
    assert said.count("\n") == 0


def test_a_bug_is_a_logged_traceback_without_the_secrets_in_its_text(tmp_path: Path) -> None:
    """The bug is real: a broken uvloop, found before the installed one, that quotes the settings."""
    (tmp_path / "uvloop.py").write_text("import os\nraise RuntimeError(os.environ['TAXIWAY_DATABASE_URL'])\n")
    ended = taxiway("serve", cwd=tmp_path, database_url=DOWN, secret_key=KEY)
    assert (ended.returncode, ended.stdout) == (1, "")
    (bug,) = [line for line in map(json.loads, ended.stderr.splitlines()) if line["event"] == "unexpected fault"]
    assert "RuntimeError: [hidden]" in bug["exception"]
    assert CANARY not in ended.stderr
    assert str(ROOT) in bug["exception"]
