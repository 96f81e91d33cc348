"""Every part stands where the layout says, under a name that says what it is for."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor, ServiceDescriptor

import taxiway.v1
from tests.architecture.source import ROOT, repository_files, slices

SLICE_FILES = {"__init__.py", "servicer.py", "convert.py", "schemas.py", "usecases.py"}
SAYS_NOTHING = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}


def proto_services() -> list[ServiceDescriptor]:
    """Every service of the package taxiway.v1, from the descriptors of its stubs."""
    names = [module.name for module in pkgutil.iter_modules(taxiway.v1.__path__) if module.name.endswith("_pb2")]
    files: list[FileDescriptor] = [importlib.import_module(f"taxiway.v1.{name}").DESCRIPTOR for name in names]
    return [service for file in files for service in file.services_by_name.values()]


def methods_in_contract() -> list[tuple[str, list[str]]]:
    """The name that the servicer of each proto service has to have, with its methods."""
    return sorted((f"{s.name.removesuffix('Service')}Servicer", sorted(s.methods_by_name)) for s in proto_services())


def methods_in_servicers() -> list[tuple[str, list[str]]]:
    """Every class of the slices' servicer modules, with the methods that are named as the contract names them."""
    modules = [importlib.import_module(f"service.{name}.servicer") for name in slices()]
    found = [cls for m in modules for cls in vars(m).values() if isinstance(cls, type) and cls.__module__ == m.__name__]
    return sorted((cls.__name__, sorted(name for name in vars(cls) if name[0].isupper())) for cls in found)


def badly_named(paths: list[Path]) -> list[str]:
    return [str(path) for path in paths if path.suffix == ".py" and SAYS_NOTHING & {path.stem, *path.parent.parts}]


def misnumbered(names: list[str]) -> list[str]:
    """The names of revisions that do not carry the next number, counted from 0001, and a name."""
    return [n for i, n in enumerate(sorted(names), start=1) if not re.fullmatch(rf"{i:04d}_[a-z][a-z0-9_]*\.py", n)]


def test_the_contract_and_its_slices_are_there_to_be_checked() -> None:
    assert {service.name for service in proto_services()} >= {"UserService", "TaskService"}
    assert {"users", "tasks"} <= set(slices())


@pytest.mark.parametrize("name", slices())
def test_a_slice_has_the_five_files(name: str) -> None:
    assert SLICE_FILES - {path.name for path in (ROOT / "service" / name).iterdir()} == set()


def test_each_proto_service_has_one_servicer_and_each_method_of_it_is_served() -> None:
    assert methods_in_servicers() == methods_in_contract()


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert badly_named(repository_files()) == []


def test_migrations_are_numbered_without_a_gap() -> None:
    names = [path.name for path in (ROOT / "migrations" / "versions").glob("*.py") if path.name != "__init__.py"]
    assert names
    assert misnumbered(names) == []


def test_the_checks_of_names_find_what_breaks_them() -> None:
    paths = [Path("service/users/utils.py"), Path("service/common/x.py"), Path("service/users/convert.py")]
    assert badly_named(paths) == ["service/users/utils.py", "service/common/x.py"]
    assert misnumbered(["0001_users.py", "0003_tasks.py"]) == ["0003_tasks.py"]
    assert misnumbered(["0001_users.py", "0002.py"]) == ["0002.py"]
