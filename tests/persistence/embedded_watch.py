"""What the tests of the embedded database look at: its answers, its processes, and where it stands."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg


@contextmanager
def open_ground() -> Iterator[Path]:
    """A directory that every account can enter, which pytest's own temporary directories are not for root's."""
    place = Path(tempfile.mkdtemp(prefix="ground-", dir="/tmp")).resolve()
    place.chmod(0o711)
    try:
        yield place
    finally:
        shutil.rmtree(place)


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
