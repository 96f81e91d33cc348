"""Fixtures that make the image's environment: wheels built from what the Dockerfile copies, installed elsewhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.dockerfile import ROOT, copied_sources, ignore_patterns, is_ignored
from tests.packaging.environment import Installed, copy_distribution, unprivileged
from tests.packaging.lock import pins


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that every account can enter; pytest's own are closed to all but who runs it."""
    with tempfile.TemporaryDirectory(prefix="taxiway-packaging-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def wheels(folder: Path) -> list[Path]:
    """Both wheels, built with the Dockerfile's own command from the files that it copies, and from no others."""
    context, built = folder / "context", folder / "wheels"
    for source in copied_sources():
        _copy(source, context)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(built), "./protos", "."], cwd=context, check=True)
    return sorted(built.iterdir())


@pytest.fixture(scope="session")
def installed(folder: Path, wheels: list[Path]) -> Installed:
    """An environment with the two wheels and the packages of requirements-image.lock."""
    account, directory = unprivileged(), folder / "environment"
    subprocess.run([account.python, "-m", "venv", "--without-pip", str(directory)], check=True)
    (packages,) = directory.glob("lib/python*/site-packages")
    for pin in pins("requirements-image.lock").values():
        if pin.applies_here:
            copy_distribution(pin.name, packages)
    pip = [sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python"), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", *map(str, wheels)], check=True)
    return Installed(directory, account)


def _copy(source: str, context: Path) -> None:
    """Copy a file or a folder as a build does: without what .dockerignore names."""
    context.mkdir(exist_ok=True)
    if (ROOT / source).is_file():
        shutil.copy(ROOT / source, context / source)
    else:
        shutil.copytree(ROOT / source, context / source, ignore=_ignored_names)


def _ignored_names(folder: str, names: list[str]) -> list[str]:
    patterns, relative = ignore_patterns(), Path(folder).relative_to(ROOT)
    return [name for name in names if is_ignored(str(relative / name), patterns)]
