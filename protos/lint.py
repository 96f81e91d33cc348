"""Lint the contract, offline: `buf lint`, `buf format`, and `buf breaking` against what callers already have."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path

PROTOS = Path(__file__).resolve().parent


def workspace(directory: Path, contract: Path) -> Path:
    """Lay the `contract`, the google/api protos that it imports and buf.yaml side by side, as buf wants them."""
    google = distribution("googleapis-common-protos").locate_file("google/api")
    (directory / "google").mkdir(parents=True)
    (directory / "google/api").symlink_to(str(google))
    (directory / "taxiway").symlink_to(contract)
    shutil.copy(PROTOS / "buf.yaml", directory)
    return directory


def git(*arguments: str) -> bytes | None:
    """What git answers about the repository of the protos; None where it knows no such thing."""
    options = ("-C", str(PROTOS), "-c", "versionsort.suffix=-")
    # Where git is, is the user's affair: it is no part of the virtual environment.
    run = subprocess.run(["git", *options, *arguments], capture_output=True, check=False)  # noqa: S607
    return run.stdout if run.returncode == 0 else None


def base() -> str | None:
    """Commit to compare with: the newest release, else where main was left, else the one before; None before all."""
    releases = git("tag", "--list", "v*", "--sort=-version:refname")
    if releases is None:
        raise SystemExit("buf breaking: git cannot read this repository's history; `git -C protos status` says why")
    branched = git("merge-base", "HEAD", "origin/main") or git("rev-parse", "--verify", "--quiet", "HEAD^") or b""
    names = [*releases.decode().split()[:1], *branched.decode().split()]
    return next((name for name in names if git("cat-file", "-e", f"{name}:./taxiway") is not None), None)


def extract(commit: str, directory: Path) -> Path:
    """Write the contract as it was at `commit` into `directory`."""
    archive = git("archive", "--format=zip", commit, "taxiway") or b""
    zipfile.ZipFile(io.BytesIO(archive)).extractall(directory)
    return directory / "taxiway"


def buf(directory: Path, *arguments: str) -> bool:
    """Run buf in a workspace; its findings go to standard output."""
    program = Path(sys.executable).with_name("buf")
    return subprocess.run([program, *arguments], cwd=directory, check=False).returncode == 0


def breaks_nothing(made: Path, now: Path) -> bool:
    """Compare with the base, in files below `made`; says which one it is."""
    commit = base()
    if commit is None:
        print("buf breaking: no earlier contract to compare with")
        return True
    print(f"buf breaking: against {commit}", flush=True)
    then = workspace(made / "then", extract(commit, made / "archive"))
    return buf(now, "breaking", "--against", str(then))


def main() -> int:
    """Run all three, so that one run shows every finding; 1 where there is one."""
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory)
        now = workspace(made / "now", PROTOS / "taxiway")
        passed = [buf(now, "lint"), buf(now, "format", "--diff", "--exit-code", "--path", "taxiway")]
        return 0 if all([*passed, breaks_nothing(made, now)]) else 1


if __name__ == "__main__":
    sys.exit(main())
