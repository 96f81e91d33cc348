"""Runs the real command in a process of its own, on a directory of its own and with the settings given alone."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0  # seconds that a command may take on a busy machine
HINT = "The first administrator is made. Sign in"  # how the line of the first start begins


@dataclass(frozen=True)
class Serving:
    """A `taxiway serve` that answers on `address`; its log goes to `log`."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    def end(self, number: int) -> int:
        """Sends a signal, and answers the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def environment(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment with these settings of Taxiway and no others."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith("TAXIWAY_")}
    binaries = {name: value for name, value in os.environ.items() if name == "TAXIWAY_PG_BINDIR"}
    given = {f"TAXIWAY_{name.upper()}": value for name, value in settings.items()}
    return {**others, **binaries, "PYTHONPATH": str(ROOT), **given}


def taxiway(*arguments: str, cwd: Path, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """`taxiway ARGUMENTS` to its end; `settings` as `listen="127.0.0.1:0"`."""
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        cwd=cwd,
        env=environment(settings),
        input=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def fault(*arguments: str, cwd: Path, **settings: str) -> str:
    """What a command says that the user has to put right: exit code 2, nothing on standard output, no traceback."""
    ended = taxiway(*arguments, cwd=cwd, **settings)
    assert (ended.returncode, ended.stdout) == (2, ""), ended
    said = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert said, ended
    assert [line for line in said if not line.startswith("taxiway: ")] == []
    assert "Traceback" not in ended.stderr
    return "\n".join(said)


@contextmanager
def started(cwd: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """A `taxiway serve` that may not answer yet; its log goes to `log` in `cwd`. It is ended at the end."""
    with (cwd / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "serve"],
            cwd=cwd,
            env=environment({"listen": "127.0.0.1:0", **settings}),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    with process:
        try:
            yield process
        finally:
            _end(process)


@contextmanager
def serving(cwd: Path, **settings: str) -> Iterator[Serving]:
    """The same, once it answers."""
    with started(cwd, **settings) as process:
        assert process.stdout is not None
        line = _line(process.stdout)
        assert line.startswith("listening on "), (line, (cwd / "log").read_text())
        yield Serving(process, line.removeprefix("listening on ").strip(), cwd / "log")


def family(pid: int) -> set[int]:
    """A process and all that descend from it, but for those that end while one looks."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return {pid}.union(*(family(int(child)) for child in children))


def _end(process: subprocess.Popen[str]) -> None:
    """First by SIGTERM, so that its database has ended too before anybody removes the directory."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    finally:
        process.kill()


def _line(stream: IO[str]) -> str:
    ready, _, _ = select.select([stream], [], [], PATIENCE)
    return stream.readline() if ready else ""
