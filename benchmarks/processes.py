"""The processes that are measured: started as operators start them, ended by SIGTERM, their CPU and memory read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

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
        """User and system time of the process so far, of its threads too; in steps of 10 ms on Linux."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def resident_mib(self) -> float:
        resident: int = psutil.Process(self.pid).memory_info().rss
        return resident / 2**20


@contextmanager
def running(module: str, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Iterator[Running]:
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
    assert process.stdout is not None
    line = process.stdout.readline()
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
