"""An environment as the image has it, without an image: whose account runs in it, and what is put into it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

from tests.packaging import dockerfile


class Account(NamedTuple):
    """Who runs a program (None: who runs the tests), and a Python that this account can start."""

    number: int | None
    python: str


class Installed(NamedTuple):
    """An environment that holds the two wheels, what they depend on, and nothing else."""

    directory: Path
    account: Account

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment as the image does: its variables, from the root, without a home."""
        binaries, number = self.directory / "bin", self.account.number
        return subprocess.run(
            [str(binaries / command[0]), *command[1:]],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
            cwd="/",
            env=dockerfile.environment() | {"PATH": f"{binaries}:/usr/bin:/bin"} | variables,
            user=number,
            group=number,
            extra_groups=None if number is None else [],
        )


def unprivileged() -> Account:
    """The image's account with a Python of this version that it can start; who is not root stays who they are."""
    own = str(Path(sys.executable).resolve())
    if os.geteuid() != 0:
        return Account(None, own)
    number = int(dockerfile.last("USER").split(":")[0])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (own, f"/usr/local/bin/{version}", f"/usr/bin/{version}")
    # Root's own Python may stand in a home that no other account enters.
    python = next((python for python in candidates if _can_start(python, number)), None)
    return Account(None, own) if python is None else Account(number, python)


def _can_start(python: str, number: int) -> bool:
    command = [python, "-c", "import venv"]
    try:
        started = subprocess.run(command, cwd="/", check=False, capture_output=True, user=number, group=number)
    except OSError:
        return False
    return started.returncode == 0


def copy_distribution(name: str, packages: Path) -> None:
    """Copy an installed distribution, which spares the test the network; its scripts are left out."""
    for file in distribution(name).files or []:
        if ".." not in file.parts and file.suffix != ".pyc":
            target = packages / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(file.locate()), target)
