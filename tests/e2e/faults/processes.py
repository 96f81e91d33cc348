"""A process and its descendants."""

import psutil


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    return {pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))}


def living(pids: set[int]) -> set[int]:
    """Those of the processes that run; one that ended and that nobody has waited for does not."""
    return {pid for pid in pids if psutil.pid_exists(pid) and not _dead(pid)}


def _dead(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
