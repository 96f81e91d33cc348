"""The processes that are measured: started as operators start them, ended by SIGTERM, their CPU and memory read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START = 30.0  # seconds until a process must answer
END = 15.0  # seconds until it must have ended
LISTENING = "listening on "


@dataclass(frozen=True, slots=True)
class Running:
    """A server under load: where it listens, and how many seconds after its start it said so."""

    address: str
    pid: int
    start_seconds: float

    def cpu_seconds(self) -> float:
        """User and system time of the process so far, of all its threads. Source: proc(5), fields 14 and 15 of stat."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        """Source: proc(5), field 2 of statm, in pages."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def running(
    module: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """`python -m MODULE ARGUMENTS` until the block ends. Its log goes to /dev/null, in JSON: a file is no terminal.

    Raises RuntimeError where it ends without saying where it listens.
    """
    began = time.perf_counter()
    command = [sys.executable, "-m", module, *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TAXIWAY_")}
    process = subprocess.Popen(
        command, env=inherited | dict(environment or {}), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield Running(_address(process), process.pid, time.perf_counter() - began)
    finally:
        _end(process)


def _address(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line.startswith(LISTENING):
        raise RuntimeError(f"{process.args!r} did not start: it said {line!r}")
    return line.removeprefix(LISTENING).strip()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
