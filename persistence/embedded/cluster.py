"""Decides where the embedded database's files are, and makes the cluster there."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.account import SEARCHABLE, Account, account_for, make_directory
from persistence.embedded.binaries import Binaries
from persistence.embedded.error import EmbeddedError
from persistence.embedded.process import run


@dataclass(frozen=True)
class Location:
    """Where the cluster really is, whose it is, and the files that stand beside it."""

    cluster: Path
    account: Account

    @property
    def lock(self) -> Path:
        """Held by the process that serves this cluster."""
        return self.cluster.with_name("lock")

    @property
    def log(self) -> Path:
        """What PostgreSQL says; begun anew at each start."""
        return self.cluster.with_name("postgres.log")


def cluster_of(data_dir: Path) -> Path:
    """The cluster that belongs to `data_dir`: `postgres` in it, which may be a link to elsewhere."""
    return (data_dir / "postgres").resolve()


def locate(data_dir: Path, state_directory: Path) -> Location:
    """Makes `data_dir` if need be, and a place for its cluster that the database's account can enter.

    That is `data_dir` itself, or, for root below a directory that others cannot enter, a new directory in
    `state_directory`, to which `data_dir/postgres` is then a link: so a clone that moves keeps its data, and one
    whose data directory is deleted begins anew. No directory that was there before is changed.

    Raises:
        EmbeddedError: the account can enter neither.
    """
    make_directory(data_dir)
    account = account_for(cluster_of(data_dir))
    link = data_dir / "postgres"
    if os.geteuid() == 0 and not os.path.lexists(link) and not account.can_enter(data_dir):
        _divert(link, state_directory)
    cluster = cluster_of(data_dir)
    make_directory(cluster.parent)
    if not account.can_enter(cluster.parent):
        raise EmbeddedError(f"The account {account.name} cannot enter {cluster.parent}, where its database is.")
    return Location(cluster, account)


def _divert(link: Path, state_directory: Path) -> None:
    make_directory(state_directory)
    home = Path(tempfile.mkdtemp(prefix="data-", dir=state_directory))
    home.chmod(SEARCHABLE)
    try:
        link.symlink_to(home / "postgres")
    except FileExistsError:  # Another first start was quicker: its place is the place.
        home.rmdir()


def prepare(location: Location, binaries: Binaries, *, durable: bool) -> None:
    """Makes the cluster if there is none, with the empty database `taxiway`; the caller holds the lock.

    Raises:
        EmbeddedError: a cluster of another major version, a directory that is no cluster, or a failed initdb.
    """
    version = location.cluster / "PG_VERSION"
    if version.exists():
        _check_version(version.read_text().strip(), location.cluster, binaries)
    elif location.cluster.exists() and any(location.cluster.iterdir()):
        raise EmbeddedError(f"{location.cluster} holds files but no PostgreSQL cluster: move it away.")
    else:
        _make(location, binaries, durable=durable)


def _check_version(major: str, cluster: Path, binaries: Binaries) -> None:
    if major != str(binaries.major):
        raise EmbeddedError(
            f"{cluster} holds data of PostgreSQL {major}, and the programs in {binaries.directory} are version "
            f"{binaries.major}: let TAXIWAY_PG_BINDIR name programs of version {major}, or move the data away."
        )


def _make(location: Location, binaries: Binaries, *, durable: bool) -> None:
    """Makes the cluster under another name and renames it when it is whole, so that a kill in the middle costs nothing.

    Nothing is synced until the end, and then all at once: that halves the time.
    """
    fresh, account = location.cluster.with_name("postgres.new"), location.account
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, account.uid, account.gid)
    initdb, postgres = binaries.directory / "initdb", binaries.directory / "postgres"
    run([initdb, "-D", fresh, *_initdb_options(binaries.major)], account)
    run(
        [postgres, "--single", "-D", fresh, "-F", "-c", "exit_on_error=on", "template1"],
        account,
        given="CREATE DATABASE taxiway;\n",
    )
    if durable:
        run([initdb, "-D", fresh, "--sync-only"], account)
    fresh.rename(location.cluster)
    if durable:
        _sync(location.cluster.parent)


def _initdb_options(major: int) -> list[str]:
    """Options that make the cluster the same on every system: sorting is by code point, in UTF-8."""
    provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    return [*provider, "--locale=C", "-E", "UTF8", "-A", "trust", "-U", "taxiway", "--no-instructions", "--no-sync"]


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
