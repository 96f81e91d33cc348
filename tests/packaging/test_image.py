"""The Dockerfile and compose.yaml, as far as they can be held without building an image."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

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
from tests.service.cli.command import taxiway

COMPOSE = (ROOT / "compose.yaml").read_text()


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
    assert f"image: taxiway:{version}\n" in COMPOSE


def test_the_compose_file_publishes_on_loopback_alone() -> None:
    published = re.findall(r"ports: \[(.*)\]", COMPOSE)
    assert published == ['"127.0.0.1:50051:50051"']
    assert environment()["TAXIWAY_LISTEN"] == "0.0.0.0:50051"
    assert last("EXPOSE") == "50051"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The directory of the secrets, made by the commands at the top of the compose file."""
    commands = re.findall(r"^#   (.*)$", COMPOSE.partition("# Then:")[0], re.MULTILINE)
    subprocess.run(["sh", "-e", "-c", "\n".join(commands)], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / ".taxiway" / "secrets"


def test_the_commands_of_the_compose_file_make_what_production_takes(made: Path, tmp_path: Path) -> None:
    places = {"/run/secrets": str(made), "/run/tls": str(made / "tls")}
    variables = dict(re.findall(r"^    TAXIWAY_(\w+): (\S+)$", COMPOSE, re.MULTILINE))
    variables |= {name.removeprefix("TAXIWAY_"): text for name, text in environment().items() if "TAXIWAY_" in name}
    for inside, outside in places.items():
        variables = {name: text.replace(inside, outside) for name, text in variables.items()}
    ended = taxiway("config", cwd=tmp_path, **variables)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert all(str(made) in variables[f"{name}_FILE"] for name in ("DATABASE_URL", "SECRET_KEY", "TLS_CERT", "TLS_KEY"))


def test_what_they_make_is_closed_to_others_and_open_to_the_container(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700
    files = [path for path in made.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}
    mounted = set(re.findall(r"\./\.taxiway/secrets/(\w+):", COMPOSE))
    shared = set(re.findall(r"file: \.taxiway/secrets/(\w+)", COMPOSE))
    assert {path.relative_to(made).parts[0] for path in files} == mounted | shared
    assert (made / "tls").stat().st_mode & 0o777 == 0o755


def test_the_database_is_reached_by_the_socket_that_both_mount() -> None:
    (socket,) = set(re.findall(r"\?host=(/[\w/]+)", COMPOSE))
    assert COMPOSE.count(f"socket:{socket}") == 2
