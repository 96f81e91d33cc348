"""docs/adding-a-resource.md is the list of places that a resource touches: each has it, and no other file knows one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, repository_files, slices

DOCUMENT = (ROOT / "docs/adding-a-resource.md").read_text()
# Beside the list: what may know a resource all the same, and why.
KNOWN_ELSEWHERE = {
    "service/first_administrator.py": "makes the first administrator, who is a user",
    "persistence/repositories/owner_positions.py": "makes the row of an owner, who is a user",
    "persistence/repositories/search_*.py": "the parts of a search of tasks",
    "service/cli/task*.py": "the commands of a client: `taxiway tasks`",
}
# Resources that are no rows which callers make and change, and why.
OF_NO_SLICE = {"audit_event": "an entry of the audit log, which the units write that do what it tells"}
Files = Mapping[str, str]


@dataclass(frozen=True)
class Resource:
    """A resource, and the slice and the service that it belongs to: all as the files are named."""

    name: str
    slice: str
    service: str

    def __str__(self) -> str:
        return self.name

    def fill(self, text: str) -> str:
        """The text of the document, about this resource."""
        names = {"{slice}": self.slice, "{service}": self.service, "{Service}": self.service.title()}
        names |= {"{resource}": self.name, "{resources}": f"{self.name}s"}
        names |= {"{Resource}": _class(self.name), "{Resources}": f"{_class(self.name)}s"}
        for mark, name in names.items():
            text = text.replace(mark, name)
        return text

    def places(self) -> list[tuple[str, str]]:
        """Pattern of the path, and what stands in it."""
        return [(self.fill(path), self.fill(held)) for path, held in PLACES]


def _class(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _rows(first: str) -> str:
    """The table whose header begins so."""
    return DOCUMENT.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0]


PLACES = re.findall(r"^\| `([^`]+)` \| (?:`([^`]+)`)? ?\|", _rows("place"), re.MULTILINE)
RESOURCES = [
    Resource(name, where, service)
    for where, service, names in re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*) \|$", _rows("slice"), re.MULTILINE)
    for name in re.findall(r"`(\w+)`", names)
]
TASK = next(resource for resource in RESOURCES if resource.name == "task")
every = pytest.mark.parametrize("resource", RESOURCES, ids=str)


def missing(resource: Resource, files: Files) -> list[str]:
    """The places of the list that this resource has not taken."""
    return [f"{path}: {held}" for path, held in resource.places() if not _stands(path, held, files)]


def _stands(pattern: str, held: str, files: Files) -> bool:
    return any(fnmatchcase(path, pattern) and held in text for path, text in files.items())


def strangers(resource: Resource, files: Files) -> list[str]:
    """The files that know this resource, or its slice, and are no place of any resource's list."""
    tables = rf"persistence\.(?:models|repositories)\.{resource.name}s\b"
    stubs = rf"\b{resource.name}_pb2|\b{resource.service}_service_pb2"
    classes = rf"\b{_class(resource.name)}Row\b|\b{resource.service.title()}Servicer\b"
    knows = re.compile(rf"{tables}|{stubs}|{classes}|service\.{resource.slice}\b")
    listed = {path for each in RESOURCES for path, _ in each.places()}
    found = [path for path, text in files.items() if knows.search(text)]
    return [path for path in found if not any(fnmatchcase(path, p) for p in (*KNOWN_ELSEWHERE, *listed))]


def sources() -> dict[str, str]:
    """What is written for the service, the stubs and the schema's document: the files that the list is about."""
    kept = ("service/", "persistence/", "migrations/", "protos/", "tests/", "docs/schema.md", "pyproject.toml")
    paths = [path for path in repository_files() if str(path).startswith(kept) and path.suffix not in (".md", ".gz")]
    return {str(path): (ROOT / path).read_text() for path in [*paths, Path("docs/schema.md")]}


@pytest.fixture(scope="module")
def files() -> Files:
    return sources()


def test_every_slice_and_every_resource_of_the_contract_is_in_the_document(files: Files) -> None:
    assert {resource.slice for resource in RESOURCES} == set(slices())
    protos = "".join(text for path, text in files.items() if path.startswith("protos/taxiway/v1/"))
    contract = re.findall(r'^    singular: "(\w+)"$', protos, re.MULTILINE)
    named = {re.sub("([A-Z])", r"_\1", name).lower() for name in contract}
    assert named == {resource.name for resource in RESOURCES} | set(OF_NO_SLICE)


@every
def test_every_resource_has_every_place_of_the_list(resource: Resource, files: Files) -> None:
    assert missing(resource, files) == []


@every
def test_no_file_beside_the_list_knows_a_resource(resource: Resource, files: Files) -> None:
    written = {path: text for path, text in files.items() if not path.startswith(("protos/stubs/", "protos/taxiway/"))}
    assert strangers(resource, written) == []


@pytest.mark.parametrize(("pattern", "held"), TASK.places())
def test_a_resource_that_lacks_one_place_fails(pattern: str, held: str, files: Files) -> None:
    without = {
        path: text.replace(held, "") if held else text
        for path, text in files.items()
        if held or not fnmatchcase(path, pattern)
    }
    assert f"{pattern}: {held}" in missing(TASK, without)


@pytest.mark.parametrize("line", ["from service.tasks import usecases", "from taxiway.v1 import task_pb2"])
def test_a_file_that_comes_to_know_a_resource_is_found(line: str, files: Files) -> None:
    more = dict(files) | {"service/greeting.py": line}
    assert "service/greeting.py" in strangers(TASK, more)


def test_what_stands_beside_the_list_knows_a_resource(files: Files) -> None:
    """An exception that nothing needs any more is taken off."""
    knows = [path for path, text in files.items() if re.search(r"service\.\w+\.schemas|\w+_pb2|\w+Row\b", text)]
    known = {pattern for pattern in KNOWN_ELSEWHERE if any(fnmatchcase(path, pattern) for path in knows)}
    assert known == set(KNOWN_ELSEWHERE)


def test_the_list_was_read() -> None:
    assert len(PLACES) + len(slices()) == DOCUMENT.count("\n| `")
    assert ("service/app.py", "TaskServicer(") in TASK.places()
