"""The lock files as values: each pinned requirement with its hashes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[2]


class Pin(NamedTuple):
    """One requirement of a lock file: its name, its only version, and the hashes that may be installed."""

    requirement: Requirement
    hashes: list[str]

    @property
    def name(self) -> NormalizedName:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version

    @property
    def applies_here(self) -> bool:
        return self.requirement.marker is None or self.requirement.marker.evaluate()


def pins(lock_file: str) -> dict[NormalizedName, Pin]:
    """Read a lock file at the root of the repository; a line that is neither a pin nor a hash raises."""
    entries = (ROOT / lock_file).read_text().replace("\\\n", " ").splitlines()
    return {pin.name: pin for pin in map(_pin, entries)}


def _pin(entry: str) -> Pin:
    requirement, *hashes = entry.split("--hash=")
    return Pin(Requirement(requirement.strip()), [value.strip() for value in hashes])
