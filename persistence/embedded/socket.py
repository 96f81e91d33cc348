"""Gives the embedded database's socket a short private directory."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from persistence.embedded.account import Account
from persistence.embedded.error import EmbeddedError


def socket_directory(cluster: Path, account: Account) -> Path:
    """A private directory in /tmp for the socket, always the same one for a cluster; the caller holds the lock.

    /tmp, because a socket's path has room for 107 bytes and every account can enter it; TMPDIR promises neither.

    Raises:
        EmbeddedError: somebody else has taken the name.
    """
    name = f"taxiway-{account.uid}-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]}"
    path = Path("/tmp", name)  # noqa: S108 - owner and mode are verified below, and others cannot rename in it.
    if not os.path.lexists(path):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if found.st_mode != stat.S_IFDIR | 0o700 or found.st_uid not in (account.uid, os.geteuid()):
        raise EmbeddedError(f"{path}, the place of the database's socket, is not private to it: remove it.")
    os.chown(path, account.uid, account.gid)
    for stale in path.iterdir():
        stale.unlink()
    return path


def remove_socket_directory(path: Path) -> None:
    """Removes it after a shutdown that left it empty; one that /tmp's cleaner has removed is gone already."""
    if path.is_dir() and not any(path.iterdir()):
        path.rmdir()
