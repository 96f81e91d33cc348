"""The Dockerfile and compose.yaml, as far as they can be held without building an image."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest

from tests.packaging.dockerfile import (
    ROOT,
    copied_sources,
    environment,
    ignore_patterns,
    instructions,
    is_ignored,
    last,
    program,
)


@pytest.mark.parametrize("source", list(copied_sources()))
def test_what_the_build_copies_exists_and_is_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    assert not is_ignored(source, ignore_patterns())


def test_the_build_gets_neither_tests_nor_data_nor_caches() -> None:
    unwanted = ["tests/conftest.py", ".taxiway/secrets/secret_key", ".git/config", "service/__pycache__/app.pyc"]
    assert [path for path in unwanted if not is_ignored(path, ignore_patterns())] == []


def test_the_check_of_ignored_paths_lets_the_last_match_decide() -> None:
    patterns = ["*", "!service", "**/__pycache__", "service/old"]
    assert not is_ignored("service/users/convert.py", patterns)
    assert is_ignored("service/users/__pycache__/convert.pyc", patterns)
    assert is_ignored("service/old/app.py", patterns)
    assert is_ignored("README.md", patterns)


def test_both_stages_have_one_python() -> None:
    bases = [instruction.arguments.split()[0] for instruction in instructions() if instruction.name == "FROM"]
    assert len(bases) == 2
    assert len(set(bases)) == 1


def test_the_image_runs_as_a_numbered_account_and_takes_sigterm() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert last("STOPSIGNAL") == "SIGTERM"
    assert program() == ["taxiway", "serve"]
    assert environment()["TAXIWAY_MODE"] == "production"


def test_image_and_compose_file_carry_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    labels = dict(pair.split("=", maxsplit=1) for pair in shlex.split(last("LABEL")))
    assert labels["org.opencontainers.image.version"] == version
    assert f"image: taxiway:{version}\n" in (ROOT / "compose.yaml").read_text()


def test_the_compose_file_publishes_on_loopback_alone() -> None:
    published = re.findall(r"ports: \[(.*)\]", (ROOT / "compose.yaml").read_text())
    assert published == ['"127.0.0.1:5432:5432"']
