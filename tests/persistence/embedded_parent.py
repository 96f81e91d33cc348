"""A process of its own that starts the embedded database, for tests that end that process."""

from __future__ import annotations

import json
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
