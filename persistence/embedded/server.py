"""Runs the embedded server itself: its settings, the wait until it is ready, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from persistence.embedded.account import Account
from persistence.embedded.cluster import Location
from persistence.embedded.error import EmbeddedError
from persistence.embedded.postmaster import POLL, Postmaster, read_postmaster
from persistence.embedded.process import spawn, tail

READY = 30.0  # seconds from the start of the server to its first connection, crash recovery included
PATIENCE = 10.0  # seconds for each step of an end; the second step needs 5 for children that do not listen
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # Never lowered: with a replication slot a server below `logical` refuses to start.
    "wal_level": "logical",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Errors of statements hold what users wrote, and Taxiway reports them: the log is for the server's own fate.
    "log_min_messages": "log",
    "log_checkpoints": "off",
}
VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def launch(
    location: Location, postgres: Path, socket_directory: Path, *, durable: bool, stale_pid: int
) -> tuple[subprocess.Popen[bytes], Postmaster]:
    """The server as a child of this process, ready, and what it says of itself.

    Raises:
        EmbeddedError: it ended, or was not ready within 30 seconds; with the end of its log.
    """
    command = [str(postgres), "-D", str(location.cluster), *_options(socket_directory, durable=durable)]
    process = _with_log(command, location.account, location.log, stale_pid)
    try:
        running = _await_ready(process, location.cluster)
    except BaseException:
        end(process)
        raise
    if running is None:
        end(process)
        said = tail(location.log.read_text(errors="replace"))
        raise EmbeddedError(f"PostgreSQL did not start on {location.cluster}:\n{said}")
    return process, running


def end(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown, then immediate shutdown (which kills children that do not listen), then a kill."""
    for step in (signal.SIGINT, signal.SIGQUIT):
        process.send_signal(step)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    process.kill()
    process.wait(PATIENCE)


def _options(socket_directory: Path, *, durable: bool) -> list[str]:
    settings = {**SETTINGS, **({} if durable else VOLATILE), "unix_socket_directories": str(socket_directory)}
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _with_log(command: list[str], account: Account, log: Path, stale_pid: int) -> subprocess.Popen[bytes]:
    """The log is emptied at each start, which bounds its size."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        return spawn(command, account, output=descriptor, stale_pid=stale_pid)
    finally:
        os.close(descriptor)


def _await_ready(process: subprocess.Popen[bytes], cluster: Path) -> Postmaster | None:
    deadline = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < deadline:
        running = read_postmaster(cluster)
        if running is not None and running.pid == process.pid and running.ready:
            return running
        time.sleep(POLL)
    return None
