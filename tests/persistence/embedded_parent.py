"""A process of its own that starts the embedded database, for tests that end that process; and what they watch."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from persistence.embedded import EmbeddedError, start

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Parent:
    """The process that serves, and what it says of its database."""

    process: subprocess.Popen[str]
    pid: int
    url: str
    data_directory: Path
    notice: str | None


@contextmanager
def open_ground() -> Iterator[Path]:
    """A directory that every account can enter, which pytest's own temporary directories are not for root's."""
    place = Path(tempfile.mkdtemp(prefix="ground-", dir="/tmp")).resolve()
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place)


@contextmanager
def launched(
    data_dir: Path, state_directory: Path, *, account: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """A process that starts the database on `data_dir`, as `account` if given, and stops it when its input ends."""
    arguments = [str(data_dir), str(state_directory), account]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.persistence.embedded_parent", *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(30)
            finally:
                process.kill()


@contextmanager
def serving(
    data_dir: Path, state_directory: Path, *, account: str = "", environment: Mapping[str, str] | None = None
) -> Iterator[Parent]:
    """The same, once the database is ready."""
    with launched(data_dir, state_directory, account=account, environment=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        assert line, process.stderr.read()
        said = json.loads(line)
        yield Parent(process, said["pid"], said["url"], Path(said["data_directory"]), said["notice"])


def refusal(data_dir: Path, state_directory: Path) -> str:
    """What a process says that may not start the database on `data_dir`."""
    with launched(data_dir, state_directory) as process:
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (2, "")
    return errors.strip()


def run_program(program: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    """A few lines of Python in a process of their own."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)


def value(url: str, sql: str) -> object:
    """The first value of a statement, on a connection of its own."""

    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {pid}.union(*(family(int(child)) for child in children))


def living(pids: set[int]) -> set[int]:
    """Those of the processes that run; one that ended and that nobody has waited for does not."""
    return {pid for pid in pids if _state(pid) not in "ZX"}


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition comes true within that time."""
    deadline = time.monotonic() + seconds
    while not (fulfilled := condition()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return fulfilled


def _become(account: str) -> None:
    entry = pwd.getpwnam(account)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def main(data_dir: str, state_directory: str, account: str) -> int:
    if account:
        _become(account)
    sys.argv = ["/anywhere/bin/taxiway", "serve", "--secret"]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with start(Path(data_dir), durable=False, state_directory=Path(state_directory)) as database:
            said = {"pid": database.pid, "url": database.url, "notice": database.notice}
            sys.stdout.write(json.dumps({**said, "data_directory": str(database.data_directory)}) + "\n")
            sys.stdout.flush()
            sys.stdin.read()
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
