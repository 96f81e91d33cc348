"""Reads postmaster.pid and says which PostgreSQL, if any, runs on a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.error import EmbeddedError

POLL = 0.01  # seconds
STOP = 30.0  # seconds for an orphan to write its checkpoint and end


@dataclass(frozen=True)
class Postmaster:
    """What postmaster.pid says: nothing of it is true until `runs` has compared it with the process."""

    cluster: Path
    pid: int
    port: str
    socket_directory: str
    status: str

    @property
    def ready(self) -> bool:
        """Whether it accepts connections."""
        return self.status == "ready"

    def runs(self) -> bool:
        """Whether process `pid` is a `postgres` with `-D` and this cluster.

        A process id is used again after a reboot, and again within seconds in a restarted container.
        """
        command = _command_line(self.pid)
        return any(
            os.fsencode(f"/postgres{gap}-D{gap}{self.cluster}{gap}") in command + gap.encode() for gap in ("\0", " ")
        )


def read_postmaster(cluster: Path) -> Postmaster | None:
    """The content of postmaster.pid, lines 1, 4, 5 and 8; None where there is none, or it names no process.

    Source: PostgreSQL, src/include/utils/pidfile.h.
    """
    try:
        lines = os.fsdecode((cluster / "postmaster.pid").read_bytes()).splitlines()
    except FileNotFoundError:
        return None
    lines += [""] * (8 - len(lines))
    if not lines[0].strip().isdigit():
        return None
    return Postmaster(cluster, int(lines[0]), lines[3].strip(), lines[4].strip(), lines[7].strip())


def stop_orphan(cluster: Path) -> int:
    """Stops a server that runs on the cluster while nobody holds its lock; the stale process id that is left, or 0.

    Such a server has lost its Taxiway: on Linux it is about to end by itself, elsewhere it would stay.
    It is stopped, not adopted, so that whoever serves is always the parent. A process that is not this cluster's
    server is never signalled, whatever postmaster.pid says.

    Raises:
        EmbeddedError: it did not end within 30 seconds.
    """
    postmaster = read_postmaster(cluster)
    if postmaster is None:
        return 0
    if postmaster.runs():
        os.kill(postmaster.pid, signal.SIGINT)
        _await_end(postmaster)
    return postmaster.pid


def _await_end(postmaster: Postmaster) -> None:
    deadline = time.monotonic() + STOP
    while postmaster.runs():
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"A PostgreSQL without its Taxiway (process {postmaster.pid}) runs on {postmaster.cluster} "
                f"and did not stop within {STOP:.0f} seconds: stop it by hand."
            )
        time.sleep(POLL)


def _command_line(pid: int) -> bytes:
    """The words of a process, each ended by a zero byte; where there is no /proc, with spaces as `ps` prints them."""
    if not Path("/proc/self/cmdline").exists():
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, check=False, capture_output=True).stdout.rstrip()
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
