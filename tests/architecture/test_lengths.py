"""Functions and files stay short enough to be read at one sitting."""

from __future__ import annotations

import pytest

from tests.architecture.source import ROOT, function_lengths, written_by_hand

FUNCTION_LIMIT = 40
FILE_LIMIT = 250


def too_long_functions(source: str) -> list[str]:
    return [f"{name}: {length} lines" for name, length in function_lengths(source) if length > FUNCTION_LIMIT]


def is_longer(source: str, limit: int) -> bool:
    return len(source.splitlines()) > limit


def test_no_function_is_longer_than_40_lines() -> None:
    offenders = {str(path): too_long_functions((ROOT / path).read_text()) for path in written_by_hand()}
    assert {path: found for path, found in offenders.items() if found} == {}


def test_no_python_file_is_longer_than_250_lines() -> None:
    assert [str(path) for path in written_by_hand() if is_longer((ROOT / path).read_text(), FILE_LIMIT)] == []


@pytest.mark.parametrize("opening", ["def long():", "async def long():", "class Outer:\n  def long(self):"])
def test_the_check_finds_a_function_of_41_lines_and_passes_one_of_40(opening: str) -> None:
    body = "    step()\n"
    assert too_long_functions(f"{opening}\n{body * 39}") == []
    assert too_long_functions(f"{opening}\n{body * 40}") == ["long: 41 lines"]


def test_the_check_finds_a_file_of_251_lines_and_passes_one_of_250() -> None:
    assert not is_longer("pass\n" * 250, FILE_LIMIT)
    assert is_longer("pass\n" * 251, FILE_LIMIT)
