"""Chooses the account that PostgreSQL runs as: it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.error import EmbeddedError

DEDICATED = "taxiway"
SEARCHABLE = 0o711  # other accounts pass through a directory; each file inside has a mode of its own


@dataclass(frozen=True)
class Account:
    """Whom PostgreSQL runs as: the name is for messages, the numeric ids are for the kernel."""

    name: str
    uid: int
    gid: int

    def can_enter(self, directory: Path) -> bool:
        """Whether this account may search `directory` and every directory above it.

        For another account than this process's own it goes by the mode bits and reads no access control lists:
        where only a list would let the account in, the answer is no.
        """
        resolved = directory.resolve()
        if self.uid == os.geteuid():
            return os.access(resolved, os.X_OK)
        return all(self._may_search(place.stat()) for place in (resolved, *resolved.parents))

    def _may_search(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def account_for(cluster: Path) -> Account:
    """This process's own account; as root the owner of the cluster, or an unprivileged account for a new one.

    The owner comes first because PostgreSQL demands that it runs as the owner of its data, and because a cluster
    that was made without root shall open with root too.

    Raises:
        EmbeddedError: root finds no unprivileged account, and cannot make one.
    """
    if os.geteuid() != 0:
        return _account(os.geteuid(), os.getegid())
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return _account(owner.st_uid, owner.st_gid)
    return _unprivileged()


def make_directory(path: Path) -> None:
    """Makes `path`, and what is missing above it, searchable whatever the umask; leaves what exists as it is."""
    if not path.is_dir():
        make_directory(path.parent)
        path.mkdir(exist_ok=True)
        path.chmod(SEARCHABLE)


def _account(uid: int, gid: int) -> Account:
    """Named by its number where it has no entry: containers run as such ids."""
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid, gid)
    except KeyError:
        return Account(f"with the id {uid}", uid, gid)


def _unprivileged() -> Account:
    for name in ("postgres", "nobody", DEDICATED):
        if (account := _named(name)) is not None:
            return account
    return _dedicated()


def _named(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid)


def _dedicated() -> Account:
    command = ["useradd", "--system", "--no-log-init", "--no-create-home", "--shell", "/usr/sbin/nologin", DEDICATED]
    try:
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedError(
            "PostgreSQL refuses to run as root, and there is no account postgres or nobody that it could run as: "
            f"make one (`{' '.join(command)}` failed: {error}), or run taxiway as a normal user."
        ) from error
    entry = pwd.getpwnam(DEDICATED)
    return Account(DEDICATED, entry.pw_uid, entry.pw_gid)
