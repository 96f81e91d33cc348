"""Lets one process at a time serve a cluster, and names it to the others."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

from persistence.embedded.error import EmbeddedError


def take_lock(path: Path) -> int:
    """The descriptor that holds the lock: closing it gives it up, and so does the end of this process.

    Children that are executed do not inherit it, so a lock that is held means a serving process that lives.

    Raises:
        EmbeddedError: another process holds it; the sentence names that process.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with os.fdopen(descriptor) as file:
            holder = file.read().strip()
        raise EmbeddedError(
            f"{holder} already serves the database in {path.parent}: "
            "stop it first, or choose another directory with TAXIWAY_DATA_DIR."
        ) from None
    line = f"{_this_program()} (process {os.getpid()})\n".encode()
    os.ftruncate(descriptor, os.pwrite(descriptor, line, 0))
    return descriptor


def _this_program() -> str:
    """The program and its command, as in `taxiway serve`; further arguments may hold what is nobody's business."""
    program = Path(sys.argv[0] or sys.executable)
    name = program.parent.name if program.name == "__main__.py" else program.name
    return " ".join([name, *sys.argv[1:2]])
