"""docs/filtering.md: each example is read with the fields of its section, and each fault is answered as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest

from persistence.conditions import Every
from service.errors import InvalidFilter
from service.filtering import Fields, parse_filter
from service.filtering.comparisons import takes
from service.filtering.parser import DEEPEST, MOST_BYTES, MOST_NODES
from service.identity import Caller, set_caller
from service.projects.filter_fields import PROJECTS
from service.tasks.filter_fields import TASKS, TASKS_ACROSS_OWNERS
from service.users.filter_fields import USERS
from tests.docs.markdown import ROOT, blocks, spans

TEXT = (ROOT / "docs/filtering.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", "## Beginning\n" + TEXT, re.MULTILINE))
FIELDS = {"Tasks of all owners": TASKS_ACROSS_OWNERS, "Projects": PROJECTS, "Accounts": USERS}  # else tasks
LISTS = {"Tasks": TASKS, "Projects": PROJECTS, "Accounts": USERS}


def fields_of(section: str) -> Fields:
    return FIELDS.get(section, TASKS)


def cells(text: str, second: str) -> list[tuple[str, str]]:
    """The rows of each table of filters whose second column has this header."""
    tables = re.findall(rf"^\| filter \| {second} \|\n\|---\|---\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [(row[1], row[2]) for rows in tables for row in re.finditer(r"^\| `(.+?)` \| (.+) \|$", rows, re.MULTILINE)]


def examples() -> Iterator[tuple[str, str]]:
    """Each filter that is said to be one, with its section."""
    for section, text in SECTIONS.items():
        lines = [line for block in blocks(text) if block.language == "text" for line in block.text.splitlines()]
        for line in [*lines, *(filter_ for filter_, _ in cells(text, "finds tasks"))]:
            yield section, line


EXAMPLES, FAULTS, READINGS = list(examples()), cells(TEXT, "message"), cells(TEXT, "is read as")


@pytest.fixture(autouse=True)
def somebody_calls() -> None:
    set_caller(Caller(UUID(int=1)))


def test_no_row_and_no_line_escapes_these_tests() -> None:
    rows = re.findall(r"^\| filter \|.*\n\|---\|---\|\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    blocked = sum(len(block.text.splitlines()) for block in blocks(TEXT))
    assert sum(len(row.splitlines()) for row in rows) + blocked == len(EXAMPLES) + len(FAULTS) + len(READINGS)
    assert set(FIELDS) | set(LISTS) < set(SECTIONS)
    assert len(EXAMPLES) > 60
    assert len(FAULTS) > 10


@pytest.mark.parametrize(("section", "text"), EXAMPLES)
def test_every_example_is_a_filter(section: str, text: str) -> None:
    assert parse_filter(text, fields_of(section)) is not None


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_every_fault_is_answered_with_these_words(text: str, message: str) -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, TASKS)
    assert caught.value.message == message


@pytest.mark.parametrize(("text", "spelled_out"), READINGS)
def test_a_filter_is_read_as_the_one_with_every_parenthesis(text: str, spelled_out: str) -> None:
    assert parse_filter(text, TASKS) == parse_filter(spelled_out.strip("`"), TASKS)


@pytest.mark.parametrize("section", LISTS)
def test_each_field_stands_in_the_table_of_its_resource(section: str) -> None:
    table = SECTIONS[section].split("| field | kind |\n|---|---|\n")[1].split("\n\n")[0]
    named = [span for row in table.splitlines() for span in spans(row.split("|")[1])]
    assert sorted(named) == sorted(LISTS[section].named)


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("text", "title", TASKS),
        ("text without case", "email", USERS),
        ("enum", "state", TASKS),
        ("ordered enum", "priority", TASKS),
        ("time", "due_time", TASKS),
        ("boolean", "archived", PROJECTS),
        ("name", "project", TASKS),
        ("tags", "tags", TASKS),
    ],
)
def test_each_kind_takes_the_operators_of_its_row(kind: str, name: str, fields: Fields) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| {kind} | `"))
    assert tuple(spans(row.split("|")[2])) == takes(fields.named[name])


def test_the_limits_are_those_of_the_parser() -> None:
    limits = SECTIONS["Limits"]
    assert f"- {MOST_BYTES:,} bytes of UTF-8" in limits
    assert f"- {MOST_NODES} comparisons and operators" in limits
    assert f"- {DEEPEST} parentheses and NOTs" in limits
    most = parse_filter(" ".join(["title=a"] * ((MOST_NODES + 1) // 2)), TASKS)
    assert isinstance(most, Every)
    assert f": {len(most.parts)} comparisons with what is between them" in limits
