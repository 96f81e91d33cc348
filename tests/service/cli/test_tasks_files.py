"""Files of tasks, whatever they hold: each row is sent or named with its line, and none is lost silently."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from service.cli import task_csv, task_jsonl
from service.cli.file_lines import LONGEST, Lines
from service.cli.task_rows import Row
from service.errors import StartupError
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import TaskImport

ME, ID = "users/me", "0190a1b2-c3d4-7e5f-8a9b-00000000000a"
Read = list[TaskImport | tuple[int, str]]


def read(kind: str, data: bytes) -> Read:
    reader = {"csv": task_csv.read, "jsonl": task_jsonl.read}[kind]
    rows = reader(Lines(io.BytesIO(data)), ME)
    return [row.task if isinstance(row, Row) else (row.line, row.reason) for row in rows]


def titles(found: Read) -> list[Any]:
    return [row if isinstance(row, tuple) else (row.line, row.task.title) for row in found]


def bad(found: Read) -> str:
    """What is wrong with the only row."""
    (row,) = found
    assert isinstance(row, tuple), row
    return row[1]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte-order mark"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_quotes_line_breaks_and_blank_lines_are_read_as_rfc_4180_says(mark: bytes, end: bytes) -> None:
    rows = [b"title,description", b'"a ""b"", c","one', b'two"', b"", b"last,", b'" x ",y']
    first, last, spaces = read("csv", mark + end.join(rows))
    assert isinstance(first, TaskImport)
    assert (first.line, first.task.title) == (2, 'a "b", c')
    assert first.task.description == "one" + end.decode() + "two"
    assert titles([last, spaces]) == [(5, "last"), (6, " x ")]


def test_every_column_is_read() -> None:
    header = ",".join(task_csv.COLUMNS)
    cells = [
        *(
            "Paint",
            "Twice",
            "HIGH",
            "2027-01-01T09:00:00+01:00",
            r"home; at work;a\;b\\;",
            f"users/x/projects/{ID}",
            ID,
        ),
        *("COMPLETED", "2026-01-01T00:00:00.5Z", "2026-01-02T00:00:00Z", '"{""a"": [1, null]}"', ID),
    ]
    (row,) = read("csv", f"{header}\n{','.join(cells)}".encode())
    task = Task(title="Paint", description="Twice", priority=Task.HIGH, state=Task.COMPLETED)
    task.tags.extend(["home", " at work", "a;b\\"])
    task.project, task.parent_task = f"{ME}/projects/{ID}", f"{ME}/tasks/{ID}"
    task.due_time.FromJsonString("2027-01-01T08:00:00Z")
    task.start_time.FromJsonString("2026-01-01T00:00:00.500Z")
    task.complete_time.FromJsonString("2026-01-02T00:00:00Z")
    task.metadata.update({"a": [1, None]})
    assert row == TaskImport(task_id=ID, line=2, task=task)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"title,colour", "There is no column 'colour'"),
        (b"title;description", "There is no column 'title;description'"),
        (b"", "must name the columns"),
        (b"description", "`title` among them"),
        (b"title,title", "each once"),
        (b'"title', "must name the columns"),
        (b"\xfftitle", "must name the columns: the row is not UTF-8"),
        (b"\xff\xfet\x00i\x00", "not UTF-8 text: save it as UTF-8"),
        (b"x" * (LONGEST + 1), "must name the columns: the row is longer than 1 MiB"),
    ],
)
def test_a_header_that_is_not_one_of_tasks_is_one_sentence(header: bytes, reason: str) -> None:
    with pytest.raises(StartupError, match=reason) as caught:
        read("csv", header + b"\nx")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("x,HIGH", "the row has 2 values, and the first line 6 columns"),
        ("x,high,,,,", "priority must be one of LOW, MEDIUM, HIGH, URGENT"),
        ("x,PRIORITY_UNSPECIFIED,,,,", "priority must be one of"),
        ("x,,tomorrow,,,", "due_time must be a time as in"),
        ("x,,9999999-01-01T00:00:00Z,,,", "due_time must be a time as in"),
        ("x,,,DONE,,", "state must be one of OPEN, IN_PROGRESS, COMPLETED, CANCELLED"),
        ("x,,,,[1],", "metadata must be a JSON object"),
        ("x,,,,{,", "metadata must be a JSON object"),
        ("x,,,," + "[" * 100_000 + ",", "metadata must be a JSON object"),
        ('"x"y,,,,,', "the row is no CSV"),
        ('"x,,,,,', "the row is no CSV: unexpected end of data"),
    ],
)
def test_a_row_that_is_no_task_is_named_with_its_line(cells: str, reason: str) -> None:
    found = read("csv", f"title,priority,due_time,state,metadata,tags\n{cells}".encode())
    assert bad(found).startswith(reason)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "the line is no JSON"),
        ("[1]", "the line must be a JSON object"),
        ('{"title": 3}', "the line is no task: Failed to parse title field"),
        ('{"colour": "red"}', 'the line is no task: Message type "taxiway.v1.Task" has no field named "colour"'),
        ('{"priority": "HUGE"}', "the line is no task"),
        ('{"dueTime": "x"}', "the line is no task"),
        ('{"title": "\\ud800"}', "the row escapes a half of a character"),
        ('{"task_id": "\\ud800"}', "the row escapes a half of a character"),
        ('{"task_id": 7}', "task_id must be a UUID"),
        ('{"metadata": {"a": ' + "[" * 200 + "]" * 200 + "}}", "the line is no task"),
        ('{"metadata": ' + "[" * 100_000, "the line is no JSON: it is nested too deep"),
        ('{"metadata": {"a": ' + "9" * 400 + "}}", "the line is no task"),
        ('{"a": ' + "9" * 5000 + "}", "the line is no JSON"),
    ],
)
def test_a_line_that_is_no_task_is_named(line: str, reason: str) -> None:
    assert bad(read("jsonl", line.encode())).startswith(reason)


def test_json_lines_have_a_byte_order_mark_crlf_and_blank_lines() -> None:
    data = b'\xef\xbb\xbf{"title": "a"}\r\n\r\n  \n{"title": "b", "task_id": "x"}\n\xff\n{"title":"\xe2\x80\xa8"}'
    assert titles(read("jsonl", data)) == [
        *((1, "a"), (4, "b")),
        (5, "the row is not UTF-8 text: byte 1 of the line cannot be read"),
        (6, "\u2028"),
    ]


def test_a_task_as_it_was_exported_keeps_its_id_and_goes_to_whom_it_is_imported() -> None:
    given = {"name": f"users/other/tasks/{ID}", "title": "a", "parentTask": f"users/other/tasks/{ID}", "version": "4"}
    task = Task(title="a", parent_task=f"{ME}/tasks/{ID}")
    assert read("jsonl", json.dumps(given).encode()) == [TaskImport(task_id=ID, line=1, task=task)]
    del given["name"]
    assert read("jsonl", json.dumps(given | {"taskId": "x"}).encode()) == [TaskImport(task_id="x", line=1, task=task)]


@pytest.mark.parametrize(
    ("kind", "long", "after"),
    [
        ("csv", b'"' + b"y" * 3_000_000 + b'"', b"next"),
        ("csv", b"y" * 3_000_000, b"next"),
        ("csv", b'"' + (b"y" * 98 + b"\r\n") * 30_000 + b'"', b"next"),
        ("csv", b'"' + (b'y""' * 33 + b"\n") * 30_000 + b'"', b"next"),
        ("jsonl", b'{"title": "' + b"y" * 3_000_000 + b'"}', b'{"title": "next"}'),
    ],
    ids=["quoted", "unquoted", "of many lines", "of doubled quotes", "json"],
)
def test_a_row_of_3_mb_is_named_and_the_next_one_is_read(kind: str, long: bytes, after: bytes) -> None:
    head = b"title\n" if kind == "csv" else b""
    before, refused, following = titles(read(kind, head + after + b"\n" + long + b"\n" + after))
    assert before[1] == following[1] == "next"
    assert refused[0] == before[0] + 1
    assert refused[1].startswith("the row is longer than 1 MiB")


def test_a_quote_that_is_never_closed_is_named_with_all_that_it_swallows() -> None:
    (found,) = titles(read("csv", b'title\n"a\n' + (b"b" * 99 + b"\n") * 15_000))
    assert found == (2, "the row is longer than 1 MiB (up to line 15002)")


@pytest.mark.parametrize("cell", ["home\\", "a;home\\", "\\\\\\"])
def test_tags_that_end_in_a_single_backslash_are_named_and_not_lost(cell: str) -> None:
    assert "single backslash" in bad(read("csv", f'title,tags\nA,"{cell}"'.encode()))


def test_a_cell_full_of_backslashes_takes_no_longer_for_each_of_them() -> None:
    """Read in one pass: by going back and forth, half a MiB would take hours."""
    (row,) = read("csv", b'title,tags\nA,"' + b"\\x" * 200_000 + b'"')
    assert isinstance(row, TaskImport)
    assert row.task.tags[0] == "x" * 200_000


@pytest.mark.parametrize("value", [r'"state":"\ud800"', r'"priority":"a\uDFFF"', r'"metadata":{"k":"\ud83d"}'])
def test_half_a_character_is_named_and_the_rows_behind_it_are_read(value: str) -> None:
    first, second = read("jsonl", ('{"title":"A",' + value + '}\n{"title":"B \\ud83d\\ude00"}').encode())
    assert isinstance(first, tuple)
    assert "half of a character" in first[1]
    assert titles([second]) == [(2, "B \U0001f600")]


@pytest.mark.parametrize("offset", ["+99:99", "-24:00", "+01:60"])
def test_a_time_of_an_impossible_offset_is_named(offset: str) -> None:
    time = f"2027-01-01T00:00:00{offset}"
    assert "offset" in bad(read("csv", f"title,due_time\nA,{time}".encode()))
    assert "offset" in bad(read("jsonl", json.dumps({"title": "A", "dueTime": time}).encode()))
