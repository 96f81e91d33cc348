"""The files and commands of docs/import-export.md work as they stand."""

from __future__ import annotations

import io
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from service.__main__ import main
from service.cli import task_csv, task_jsonl
from service.cli.file_lines import Lines
from service.cli.task_csv import COLUMNS
from service.cli.task_rows import Row
from tests.docs.conftest import Server
from tests.docs.markdown import ROOT, blocks, table

TEXT = (ROOT / "docs/import-export.md").read_text()
BLOCKS = [block.text for block in blocks(TEXT)]
COMMANDS = [line for text in BLOCKS for line in text.splitlines() if line.startswith("taxiway ")]
(CSV,) = (text for text in BLOCKS if text.startswith("title,"))
(JSON_LINES,) = (text for text in BLOCKS if text.startswith("{"))


def test_its_files_are_read_whole() -> None:
    for kind, text, count in ((task_csv, CSV, 2), (task_jsonl, JSON_LINES, 2)):
        rows = list(kind.read(Lines(io.BytesIO(text.encode())), "users/me"))
        assert [type(row) for row in rows] == [Row] * count


def test_every_column_is_explained() -> None:
    named = [name.strip() for row in table(TEXT, "column") for name in row[0].split(",")]
    assert sorted(named) == sorted(COLUMNS)


def test_its_commands_work_in_their_order(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tasks.csv").write_text(CSV)
    (tmp_path / "tasks.jsonl").write_text(JSON_LINES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TAXIWAY_TOKEN", server.token)
    for command in COMMANDS:
        assert main([*shlex.split(command)[1:], "--address", server.address]) == 0, command
    assert capsys.readouterr().out.count("2 tasks imported, 0 rows refused") == 2
    assert exported(task_csv, tmp_path / "tasks-out.csv") >= {"Paint the fence", "Buy paint", "Sharpen the blade"}
    assert exported(task_jsonl, tmp_path / "tasks-out.jsonl") == {"Paint the fence", "Mow the lawn"}


def exported(kind: ModuleType, file: Path) -> set[str]:
    rows = kind.read(Lines(io.BytesIO(file.read_bytes())), "users/me")
    return {row.task.task.title for row in rows}
