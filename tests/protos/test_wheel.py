"""The client wheel holds the stubs alone and needs its three dependencies alone."""

from __future__ import annotations

import email
import email.message
import importlib.metadata
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROTOS = Path(__file__).resolve().parents[2] / "protos"
DEPENDENCIES = ("grpcio", "protobuf", "googleapis-common-protos")
IMPORT_ALL = """
import importlib, importlib.resources, json, pkgutil
import taxiway.v1
for module in pkgutil.walk_packages(taxiway.__path__, "taxiway."):
    print(importlib.import_module(module.name).__name__)
for name in ("retry_reads.json", "retry_all.json"):
    json.loads((importlib.resources.files("taxiway.v1") / name).read_text())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline by the hatchling of this environment."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(PROTOS)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    """The wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def pip(*arguments: str) -> None:
    """Run pip without any index or directory of packages, whatever the user's configuration."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    offline = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_QUIET": "1",
    }
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, env=clean | offline)


def closure(*names: str) -> Iterator[importlib.metadata.Distribution]:
    """The installed distributions of these names and all that they need, extras left out."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        distribution = importlib.metadata.distribution(name)
        yield distribution
        needed = (entry for entry in distribution.requires or [] if "extra ==" not in entry)
        waiting += [re.split(r"[^\w.-]", entry, maxsplit=1)[0] for entry in needed]


def offer_dependencies(site: Path) -> None:
    """Link the files of the three dependencies into an environment: no index is needed, and nothing else is there."""
    for distribution in closure(*DEPENDENCIES):
        for file in distribution.files or []:
            if ".." not in file.parts:
                link = site / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(str(file.locate()))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a fresh environment with the wheel and its dependencies installed."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=True)
    offer_dependencies(next(home.glob("lib/python*/site-packages")))
    python = home / "bin/python"
    pip("--python", str(python), "install", str(wheel))
    return python


def test_the_wheel_holds_the_stubs_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not re.match(r"taxiway_api-[\d.]+\.dist-info/", name)}
    stubs = PROTOS / "stubs"
    files = {path for path in stubs.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert names == {path.relative_to(stubs).as_posix() for path in files}
    assert {"taxiway/py.typed", "taxiway/v1/retry_all.json"} <= names


def test_the_wheel_asks_for_three_packages_from_the_generators_versions_on(metadata: email.message.Message) -> None:
    bounds = dict(re.findall(r"^([\w-]+).*>=([\d.]+)", entry)[0] for entry in metadata.get_all("Requires-Dist", []))
    grpc = (PROTOS / "stubs/taxiway/v1/task_service_pb2_grpc.py").read_text()
    protobuf = (PROTOS / "stubs/taxiway/v1/task_pb2.py").read_text()
    assert bounds.keys() == set(DEPENDENCIES)
    assert re.findall(r"GRPC_GENERATED_VERSION = '(.*)'", grpc) == [bounds["grpcio"]]
    assert re.findall(r"Protobuf Python Version: (.*)", protobuf) == [bounds["protobuf"]]
    installed = importlib.metadata.version("googleapis-common-protos")
    assert installed.startswith(bounds["googleapis-common-protos"] + ".")


def test_the_wheel_imports_where_there_is_nothing_but_its_dependencies(python: Path) -> None:
    """pip resolves the dependencies without an index, so that a further one would fail the installation."""
    run = subprocess.run([python, "-I", "-c", IMPORT_ALL], check=True, capture_output=True, text=True, cwd="/")
    modules = {path.stem for path in (PROTOS / "stubs/taxiway/v1").glob("*_pb2*.py")}
    assert set(run.stdout.split()) == {"taxiway.v1", *(f"taxiway.v1.{module}" for module in modules)}


def test_an_editable_install_reads_the_stubs_in_the_tree(tmp_path: Path) -> None:
    """As `make` installs it: no isolation, no index."""
    home = tmp_path / "environment"
    venv.create(home, symlinks=True)
    site = next(home.glob("lib/python*/site-packages"))
    pip("install", "--target", str(site), "--no-deps", "--no-build-isolation", "--editable", str(PROTOS))
    script = "import taxiway; print(taxiway.__file__)"
    run = subprocess.run([home / "bin/python", "-I", "-c", script], check=True, capture_output=True, text=True)
    assert Path(run.stdout.strip()) == PROTOS / "stubs/taxiway/__init__.py"
