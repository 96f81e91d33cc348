"""A process and its descendants, which may end while they are looked at."""

from pathlib import Path


def family(pid: int) -> set[int]:
    """A process and all that descend from it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return set()
    return {pid}.union(*(family(int(child)) for child in children))
