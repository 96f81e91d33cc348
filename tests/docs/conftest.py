"""The server of the README: started by the line that `make serve` ends in, on data and a port of its own."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs.commands import PROGRAMS
from tests.docs.markdown import ROOT

PATIENCE = 60.0  # seconds for a start or a command on a busy machine


@dataclass(frozen=True)
class Server:
    """A running `make serve`, and the environment in which commands and clients find it."""

    address: str
    metrics: str
    token: str = field(repr=False)
    environment: dict[str, str] = field(repr=False)

    def run(self, arguments: list[str]) -> str:
        """What it prints; fails where it does."""
        ended = subprocess.run(
            arguments, cwd=ROOT, env=self.environment, timeout=PATIENCE, check=False, capture_output=True, text=True
        )
        assert ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
        return ended.stdout


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="taxiway-docs-") as name:
        Path(name).chmod(0o711)  # the database's account passes through it where root runs the tests
        metrics = f"127.0.0.1:{_free_port()}"
        environment = _environment(TAXIWAY_DATA_DIR=f"{name}/data", TAXIWAY_METRICS_LISTEN=metrics)
        with _serving(environment) as address:
            environment["TAXIWAY_LISTEN"] = address
            token = _token(environment)
            yield Server(address, metrics, token, environment | {"TOKEN": token})


def _token(environment: dict[str, str]) -> str:
    """What the examples have signed in with."""
    command = [str(PROGRAMS / "taxiway"), "token"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def _serving(environment: dict[str, str]) -> Iterator[str]:
    """Where it listens; ended by SIGTERM."""
    command = shlex.split(_what_make_serve_runs())
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield _address(process)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0


def _what_make_serve_runs() -> str:
    """The target's last line; the lines before it set `.venv` up, which stands when tests run."""
    dry = ["make", "--dry-run", "--no-print-directory", f"BIN={PROGRAMS}", "serve"]
    lines = subprocess.run(dry, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    return lines[-1].removeprefix("exec ")


def _environment(**settings: str) -> dict[str, str]:
    """This process's, with these settings of Taxiway and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TAXIWAY_") or "PG_BINDIR" in name}
    return {**kept, "TAXIWAY_LISTEN": "127.0.0.1:0", "TAXIWAY_LOG_LEVEL": "warning", **settings}


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on "), f"the server did not start: {line!r}"
    return line.removeprefix("listening on ").strip()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
