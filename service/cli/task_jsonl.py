"""Tasks in JSON lines: one task a line, in the JSON of Protobuf, perhaps with `task_id` beside its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TextIO

from service.cli.file_lines import Line, Lines, RowFault
from service.cli.task_rows import TAKEN, TIMES, BadRow, Row, last, own, require_offset, require_unicode

if TYPE_CHECKING:
    from taxiway.v1 import task_pb2, task_service_pb2

_SHOWN = 200  # code points of what is wrong with a line


def read(lines: Lines, parent: str) -> Iterator[Row | BadRow]:
    for line in lines:
        try:
            if line.too_long or line.data.strip():
                yield Row(_task(lines.number, line, parent))
        except RowFault as fault:
            yield BadRow(lines.number, str(fault))


def _task(number: int, line: Line, parent: str) -> task_service_pb2.TaskImport:
    from taxiway.v1 import task_service_pb2

    text = line.text()
    require_unicode(text)
    fields = _object(text)
    for name in TIMES:
        require_offset(name, fields.get(name))
    task_id = fields.pop("task_id", fields.pop("taskId", None))
    row = task_service_pb2.TaskImport(line=number)
    _fill(row.task, fields)
    row.task_id = _text(task_id) if task_id is not None else last(row.task.name)
    for field, _ in row.task.ListFields():
        if field.name not in TAKEN:
            row.task.ClearField(field.name)  # type: ignore[arg-type]  # one of its fields
    own(row.task, parent)
    return row


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        told = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise RowFault(f"the line is no JSON: {told[:_SHOWN]}") from None
    if not isinstance(found, dict):
        raise RowFault("the line must be a JSON object")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise RowFault("task_id must be a UUID in canonical lower-case form")
    return value


def _fill(task: task_pb2.Task, fields: dict[str, Any]) -> None:
    from google.protobuf import json_format

    try:
        json_format.ParseDict(fields, task)
    except (json_format.ParseError, ValueError, OverflowError, RecursionError) as error:
        told = (str(error).splitlines() or ["nested too deep"])[0]
        raise RowFault(f"the line is no task: {told[:_SHOWN]}") from None


def write(tasks: Iterable[task_pb2.Task], file: TextIO) -> int:
    """Answers how many they were."""
    from google.protobuf import json_format

    count = 0
    for count, task in enumerate(tasks, 1):  # noqa: B007 - The last count is the answer.
        file.write(json_format.MessageToJson(task, indent=None, ensure_ascii=False) + "\n")
    return count
