"""Runs PostgreSQL's programs as the database's account, and lets none of them outlive this process."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from persistence.embedded.account import Account
from persistence.embedded.error import EmbeddedError

PR_SET_PDEATHSIG = 1  # prctl(2)
DEADLINE = 60.0  # seconds for a program that ends by itself; initdb takes 0.5 to 2
TAIL = 10  # lines of output that an error shows


def spawn(
    command: Sequence[str | Path], account: Account, *, output: int, stdin: int = subprocess.DEVNULL, stale_pid: int = 0
) -> subprocess.Popen[bytes]:
    """Starts a program as `account`, in `/`, with a fixed environment, in a session of its own.

    On Linux the program gets SIGINT when the calling thread ends, however it ends: call it from the main thread.
    `output` is a descriptor for standard output and error. `stale_pid` is a process id in a left-over postmaster.pid
    that PostgreSQL shall not take for a running server (it skips the one in PG_GRANDPARENT_PID).

    Raises:
        OSError: the program cannot be executed by that account.
    """
    environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
    if stale_pid:
        environment["PG_GRANDPARENT_PID"] = str(stale_pid)
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=environment,
        user=account.uid,
        group=account.gid,
        extra_groups=[] if os.geteuid() == 0 else None,
        start_new_session=True,
        preexec_fn=_bound_to_this_process() if sys.platform == "linux" else None,  # noqa: PLW1509 - see there.
    )


def run(command: Sequence[str | Path], account: Account, *, given: str = "") -> str:
    """The output of a program that ends by itself, after it was `given` that text as its input.

    Raises:
        EmbeddedError: it cannot be executed, fails, or takes longer than a minute.
    """
    try:
        with spawn(command, account, output=subprocess.PIPE, stdin=subprocess.PIPE) as process:
            output = _conversation(process, given)
    except OSError as error:
        raise EmbeddedError(f"The account {account.name} cannot run {command[0]}: {error.strerror}.") from error
    if process.returncode != 0:
        raise EmbeddedError(f"{command[0]} failed:\n{tail(output)}")
    return output


def _conversation(process: subprocess.Popen[bytes], given: str) -> str:
    try:
        return process.communicate(given.encode(), timeout=DEADLINE)[0].decode(errors="replace")
    except BaseException as error:
        process.kill()
        if isinstance(error, subprocess.TimeoutExpired):
            raise EmbeddedError(f"{error.cmd[0]} did not end within {DEADLINE:.0f} seconds.") from error
        raise


def tail(output: str) -> str:
    """The last lines of a program's output, for an error."""
    return "\n".join(output.rstrip().splitlines()[-TAIL:])


def _bound_to_this_process() -> Callable[[], None]:
    """What the child does between fork and exec.

    subprocess calls it after it has changed the user, which matters: the kernel clears the death signal when
    credentials change. SIGINT is set to its default first, because until exec it would only mark Python's handler,
    and because a shell starts background jobs with SIGINT ignored. The look at the parent closes the race with a
    parent that died before the signal was asked for. It takes no lock that another thread could hold at the fork, but
    Python itself might: the database is started before there are threads.
    """
    parent, prctl = os.getpid(), ctypes.CDLL(None).prctl

    def bind() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        failed = prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGINT))
        if failed or os.getppid() != parent:
            os._exit(1)

    return bind
