"""The Dockerfile and .dockerignore as values: which files a build copies, and what the image runs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Instruction(NamedTuple):
    """One instruction, its continued lines joined."""

    name: str
    arguments: str


def instructions() -> list[Instruction]:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.lstrip().startswith("#")]
    logical = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in logical if line.strip()]


def last(name: str) -> str:
    """The arguments of the last instruction of that name: the one that holds in the final image."""
    return [instruction.arguments for instruction in instructions() if instruction.name == name][-1]


def program() -> list[str]:
    """What a container of the image runs: ENTRYPOINT and CMD, both in their exec form."""
    entrypoint: list[str] = json.loads(last("ENTRYPOINT"))
    command: list[str] = json.loads(last("CMD"))
    return entrypoint + command


def health_check() -> list[str]:
    """What asks a container of the image for its health, in its exec form."""
    command: list[str] = json.loads(last("HEALTHCHECK").partition(" CMD ")[2])
    return command


def environment() -> dict[str, str]:
    """The variables of the final stage."""
    return dict(pair.split("=", maxsplit=1) for pair in shlex.split(last("ENV")))


def copied_sources() -> Iterator[str]:
    """The sources of every COPY that takes from the repository, not from another stage."""
    for instruction in instructions():
        if instruction.name == "COPY" and not instruction.arguments.startswith("--from"):
            yield from instruction.arguments.split()[:-1]


def ignore_patterns() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Whether a build leaves the path out: the last pattern that matches it or a folder above it decides."""
    verdict = False
    for pattern in patterns:
        if _matches(path, pattern.removeprefix("!")):
            verdict = not pattern.startswith("!")
    return verdict


def _matches(path: str, pattern: str) -> bool:
    prefixes = [str(prefix) for prefix in (PurePosixPath(path), *PurePosixPath(path).parents) if prefix.name]
    if pattern.startswith("**/"):
        return any(fnmatchcase(PurePosixPath(prefix).name, pattern.removeprefix("**/")) for prefix in prefixes)
    return any(fnmatchcase(prefix, pattern) for prefix in prefixes)
