"""Starts the embedded PostgreSQL, so that a fresh machine needs no database of its own.

The data is in `postgres` below the data directory, the socket in a private directory below /tmp; nothing listens on
the network. The server is a child of the process that starts it and ends with it, however that ends: on Linux the
kernel sends it SIGINT; elsewhere a normal exit stops it, and after a kill the next start does.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from persistence.embedded.binaries import Binaries, find_binaries
from persistence.embedded.cluster import Location, cluster_of, locate, prepare
from persistence.embedded.error import EmbeddedError
from persistence.embedded.lock import take_lock
from persistence.embedded.postmaster import Postmaster, read_postmaster, stop_orphan
from persistence.embedded.server import end, launch
from persistence.embedded.socket import remove_socket_directory, socket_directory

__all__ = ["EmbeddedError", "EmbeddedPostgres", "attach", "start"]

STATE_DIRECTORY = Path("/var/lib/taxiway")  # root's place for what the database's account cannot reach elsewhere


class EmbeddedPostgres:
    """A running server that this process started. Closing the context, or `stop`, ends it."""

    def __init__(self, process: subprocess.Popen[bytes], running: Postmaster, lock: int, notice: str | None) -> None:
        self.url = _url(running)
        self.pid = process.pid
        self.data_directory = running.cluster
        self.notice = notice
        self._process = process
        self._socket_directory = Path(running.socket_directory)
        self._lock: int | None = lock
        self._stopping = False
        atexit.register(self.stop)

    def stop(self) -> None:
        """Disconnects everybody, stops the server and waits for it: 0.1 seconds as a rule, 30 at the most.

        A second call does nothing, nor does one in a forked child of the process that started the server: `Popen`
        signals only children of its own process.
        """
        if self._lock is None:
            return
        self._stopping = True
        end(self._process)
        remove_socket_directory(self._socket_directory)
        os.close(self._lock)
        self._lock = None
        atexit.unregister(self.stop)

    def ended_by_itself(self, seconds: float | None = 0) -> bool:
        """Whether the server ended without `stop`; waits for its end, at most `seconds`, or for ever with None."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return not self._stopping

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(data_dir: Path, *, durable: bool = True, state_directory: Path = STATE_DIRECTORY) -> EmbeddedPostgres:
    """Starts PostgreSQL on `data_dir`, makes the cluster if there is none, and returns when it accepts connections.

    Takes 1 to 2 seconds the first time, 0.1 afterwards. `durable=False` is for tests: faster, and a crash of the
    machine may destroy the data. Only the main thread may call it: the server ends with the thread that started it.

    Raises:
        EmbeddedError: another process serves this directory, which the sentence names; no PostgreSQL programs; data
            of another major version; no permission; or a server that was not ready within 30 seconds.
        RuntimeError: called from another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the embedded database ends with the thread that starts it: start it from the main thread")
    try:
        location = locate(data_dir.absolute(), state_directory)
        binaries = find_binaries(location.account, state_directory)
        notice = _notice(location, binaries, state_directory)
        return _start_locked(location, binaries, durable=durable, notice=notice)
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedError(f"The embedded database in {data_dir} cannot be set up: {error}.") from error


def attach(data_dir: Path) -> str | None:
    """The URL of the server that runs on `data_dir`, or None; starts nothing and stops nothing.

    Raises:
        EmbeddedError: the cluster belongs to another account, so that nothing can be said.
    """
    try:
        running = read_postmaster(cluster_of(data_dir.absolute()))
    except PermissionError as error:
        raise EmbeddedError(f"The embedded database in {data_dir} belongs to another account: {error}.") from error
    return _url(running) if running is not None and running.ready and running.runs() else None


def _start_locked(location: Location, binaries: Binaries, *, durable: bool, notice: str | None) -> EmbeddedPostgres:
    lock = take_lock(location.lock)
    try:
        prepare(location, binaries, durable=durable)
        stale_pid = stop_orphan(location.cluster)
        sockets = socket_directory(location.cluster, location.account)
        postgres = binaries.directory / "postgres"
        process, running = launch(location, postgres, sockets, durable=durable, stale_pid=stale_pid)
    except BaseException:
        os.close(lock)
        raise
    return EmbeddedPostgres(process, running, lock, notice)


def _url(running: Postmaster) -> str:
    return f"postgresql://taxiway@/taxiway?host={quote(running.socket_directory)}&port={running.port}"


def _notice(location: Location, binaries: Binaries, state_directory: Path) -> str | None:
    places = {"its data is in": location.cluster, "its programs are in": binaries.directory}
    moved = [f"{what} {place}" for what, place in places.items() if place.is_relative_to(state_directory.resolve())]
    if not moved:
        return None
    account = location.account.name
    return f"PostgreSQL runs as the account {account}, which cannot enter every directory here: {' and '.join(moved)}."
