"""How far a command is stands on one line of a terminal, and elsewhere on a line of its own every few seconds."""

from __future__ import annotations

import io

import pytest

from service.cli import progress
from service.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_is_written_anew_and_gives_way_to_what_is_said() -> None:
    stream = Terminal()
    shown = Progress(stream, 2_000_000)
    shown.show(1000, 500_000)
    shown.say("tasks.csv:17: no")
    shown.show(2000, 2_000_000)
    shown.clear()
    first, said, second, end = stream.getvalue().split("\r\033[K")[1:]
    assert first.startswith("1,000 rows")
    assert first.endswith("[######------------------]  25% of 2.0 MB")
    assert said == "tasks.csv:17: no\n"
    assert second.endswith("[########################] 100% of 2.0 MB")
    assert end == ""


def test_elsewhere_a_line_comes_when_some_seconds_have_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    shown = Progress(stream, 1_000_000)
    shown.show(500, 100_000)
    assert stream.getvalue() == ""
    monkeypatch.setattr(progress, "EACH", 0.0)
    shown.show(1000, 420_000)
    assert stream.getvalue().startswith("1,000 rows")
    assert stream.getvalue().endswith("   42% of 1.0 MB\n")


def test_of_what_has_no_size_the_rows_are_told() -> None:
    stream = Terminal()
    Progress(stream, None).show(1000)
    assert stream.getvalue().startswith("\r\033[K1,000 rows")
    assert stream.getvalue().endswith("rows/s")
