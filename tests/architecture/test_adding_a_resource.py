"""docs/adding-a-resource.md is the list of places that a resource touches: each has it, and no other file knows one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from tests.architecture.source import ROOT, repository_files, slices

DOCUMENT = (ROOT / "docs/adding-a-resource.md").read_text()
PLACES = re.findall(r"^\| `([^`]+)` \| (?:`([^`]+)`)? ?\|", DOCUMENT, re.MULTILINE)
# Beside the list: what may know a resource all the same, and why.
KNOWN_ELSEWHERE = {"service/first_administrator.py": "makes the first administrator, who is a user"}
Files = Mapping[str, str]


def places(resources: str) -> list[tuple[str, str]]:
    """Pattern of the path, and what stands in it, for the resource of a slice."""
    resource = resources.removesuffix("s")
    names = {"{resources}": resources, "{resource}": resource}
    names |= {"{Resources}": resources.title(), "{Resource}": resource.title()}
    return [(_filled(path, names), _filled(held, names)) for path, held in PLACES]


def _filled(text: str, names: Mapping[str, str]) -> str:
    for mark, name in names.items():
        text = text.replace(mark, name)
    return text


def missing(resources: str, files: Files) -> list[str]:
    """The places of the list that this resource has not taken."""
    return [f"{path}: {held}" for path, held in places(resources) if not _stands(path, held, files)]


def _stands(pattern: str, held: str, files: Files) -> bool:
    return any(fnmatchcase(path, pattern) and held in text for path, text in files.items())


def strangers(resources: str, files: Files) -> list[str]:
    """The files that know this resource and are no place of any resource's list."""
    resource = resources.removesuffix("s")
    modules = rf"(?:service|persistence\.models|persistence\.repositories)\.{resources}\b"
    knows = re.compile(rf"\b{resource.title()}(?:Row|Servicer)\b|\b{resource}_(?:service_)?pb2|{modules}")
    listed = [path for name in slices() for path, _ in places(name)]
    found = [path for path, text in files.items() if knows.search(text)]
    return [path for path in found if path not in KNOWN_ELSEWHERE and not any(fnmatchcase(path, p) for p in listed)]


def sources() -> dict[str, str]:
    """What is written for the service, the stubs and the schema's document: the files that the list is about."""
    kept = ("service/", "persistence/", "migrations/", "protos/", "tests/", "docs/schema.md", "pyproject.toml")
    paths = [str(path) for path in repository_files() if str(path).startswith(kept) and path.suffix != ".md"]
    return {path: (ROOT / path).read_text() for path in [*paths, "docs/schema.md"]}


@pytest.fixture(scope="module")
def files() -> Files:
    return sources()


@pytest.mark.parametrize("name", slices())
def test_every_resource_has_every_place_of_the_list(name: str, files: Files) -> None:
    assert missing(name, files) == []


@pytest.mark.parametrize("name", slices())
def test_no_file_beside_the_list_knows_a_resource(name: str, files: Files) -> None:
    written = {path: text for path, text in files.items() if not path.startswith(("protos/stubs/", "protos/taxiway/"))}
    assert strangers(name, written) == []


@pytest.mark.parametrize(("pattern", "held"), places("tasks"))
def test_a_resource_that_lacks_one_place_fails(pattern: str, held: str, files: Files) -> None:
    without = {
        path: text.replace(held, "") if held else text
        for path, text in files.items()
        if held or not fnmatchcase(path, pattern)
    }
    assert f"{pattern}: {held}" in missing("tasks", without)


def test_a_file_that_comes_to_know_a_resource_is_found(files: Files) -> None:
    more = dict(files) | {"service/greeting.py": "from service.tasks import usecases"}
    assert "service/greeting.py" in strangers("tasks", more)


def test_the_list_was_read() -> None:
    assert len(PLACES) == DOCUMENT.count("\n| `")
    assert ("service/app.py", "TaskServicer(db") in places("tasks")
