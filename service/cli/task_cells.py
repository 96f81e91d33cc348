"""The cells of a CSV file: each field of a task as text, and back. An empty cell is a field that is not set."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from service.cli.file_lines import RowFault
from service.cli.task_rows import last, require_offset, require_unicode

if TYPE_CHECKING:
    from taxiway.v1 import task_pb2


def fill(task: task_pb2.Task, name: str, cell: str) -> None:
    """Sets a field. Raises RowFault where the cell has no such value; what else is wrong with it the server says."""
    _FILL.get(name, _fill_text)(task, name, cell)


def cell(task: task_pb2.Task, name: str) -> str:
    """What `fill` makes the field of again; `task_id` is taken from the name."""
    return _CELL.get(name, _text_cell)(task, name)


def _fill_text(task: task_pb2.Task, name: str, cell: str) -> None:
    setattr(task, name, cell)


def _text_cell(task: task_pb2.Task, name: str) -> str:
    return str(getattr(task, name))


def _names(task: task_pb2.Task, name: str) -> dict[str, int]:
    """The values of an enum, but for the one that stands for none."""
    kind: Any = task.DESCRIPTOR.fields_by_name[name].enum_type
    return {value.name: value.number for value in kind.values if value.number}


def _fill_enum(task: task_pb2.Task, name: str, cell: str) -> None:
    names = _names(task, name)
    if cell.strip() not in names:
        raise RowFault(f"{name} must be one of {', '.join(names)}")
    setattr(task, name, names[cell.strip()])


def _enum_cell(task: task_pb2.Task, name: str) -> str:
    return next(known for known, number in _names(task, name).items() if number == getattr(task, name))


def _fill_time(task: task_pb2.Task, name: str, cell: str) -> None:
    require_offset(name, cell.strip())
    try:
        getattr(task, name).FromJsonString(cell.strip())
    except (ValueError, OverflowError):
        raise RowFault(f"{name} must be a time as in 2027-01-01T09:00:00Z") from None


def _time_cell(task: task_pb2.Task, name: str) -> str:
    return str(getattr(task, name).ToJsonString()) if task.HasField(name) else ""  # type: ignore[arg-type]  # one of its times


def _fill_tags(task: task_pb2.Task, _name: str, cell: str) -> None:
    task.tags.extend(tag for tag in _split(cell) if tag.strip())


def _split(cell: str) -> list[str]:
    """At each `;` that has no backslash before it, in one pass. Raises RowFault."""
    tags: list[list[str]] = [[]]
    characters = iter(cell)
    for character in characters:
        if character == ";":
            tags.append([])
        elif character == "\\":
            try:
                tags[-1].append(next(characters))
            except StopIteration:
                raise RowFault("tags must not end in a single backslash: write two for one") from None
        else:
            tags[-1].append(character)
    return ["".join(tag) for tag in tags]


def _tags_cell(task: task_pb2.Task, _name: str) -> str:
    return ";".join(re.sub(r"([;\\])", r"\\\1", tag) for tag in task.tags)


def _fill_metadata(task: task_pb2.Task, name: str, cell: str) -> None:
    from google.protobuf import json_format

    require_unicode(cell)
    try:
        json_format.Parse(cell, task.metadata)
    except (json_format.ParseError, ValueError, RecursionError):
        raise RowFault(f"{name} must be a JSON object") from None


def _metadata_cell(task: task_pb2.Task, _name: str) -> str:
    from google.protobuf import json_format

    return json.dumps(json_format.MessageToDict(task.metadata), ensure_ascii=False) if task.metadata.fields else ""


def _task_id_cell(task: task_pb2.Task, _name: str) -> str:
    return last(task.name)


_FILL: dict[str, Callable[[Any, str, str], None]] = {
    "priority": _fill_enum,
    "state": _fill_enum,
    "due_time": _fill_time,
    "start_time": _fill_time,
    "complete_time": _fill_time,
    "tags": _fill_tags,
    "metadata": _fill_metadata,
}
_CELL: dict[str, Callable[[Any, str], str]] = {
    "priority": _enum_cell,
    "state": _enum_cell,
    "due_time": _time_cell,
    "start_time": _time_cell,
    "complete_time": _time_cell,
    "tags": _tags_cell,
    "metadata": _metadata_cell,
    "task_id": _task_id_cell,
}
