"""Tasks in CSV (RFC 4180): a header with the names of fields, one task a record."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from service.cli.file_lines import LONGEST, Lines, RowFault
from service.cli.task_cells import cell, fill
from service.cli.task_rows import TAKEN, BadRow, Row, own
from service.errors import StartupError

if TYPE_CHECKING:
    from taxiway.v1 import task_pb2, task_service_pb2

COLUMNS = (*TAKEN, "task_id")


class _Source(Iterator[str]):
    """The lines as `csv` wants them. Knows where a record began, and whether it ends inside of quotes."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.begin()

    def begin(self) -> None:
        self.first = self._lines.number + 1
        self._size = self._quotes = 0

    def __next__(self) -> str:
        line = next(self._lines)
        self._quotes += line.quotes
        self._size += len(line.data)
        if self._size > LONGEST:
            raise RowFault(f"the row is longer than {LONGEST >> 20} MiB")
        return line.text()

    def skip(self) -> None:
        """To the end of a record that cannot be read."""
        while self._quotes % 2 and (line := next(self._lines, None)) is not None:
            self._quotes += line.quotes

    def bad(self, reason: object) -> BadRow:
        """Says which lines are left out with it, since a quote that is missing may swallow many."""
        reached = self._lines.number
        return BadRow(self.first, f"{reason} (up to line {reached})" if reached > self.first else str(reason))


def read(lines: Lines, parent: str) -> Iterator[Row | BadRow]:
    """Raises StartupError where the header is not one of tasks."""
    csv.field_size_limit(2 * LONGEST)
    source = _Source(lines)
    reader = csv.reader(source, strict=True)
    header = _header(reader)
    while True:
        source.begin()
        try:
            cells = next(reader, None)
            if cells is None:
                return
            if cells:
                yield Row(_task(source.first, header, cells, parent))
        except csv.Error as error:
            yield source.bad(f"the row is no CSV: {error}")
        except RowFault as fault:
            source.skip()
            yield source.bad(fault)


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = next(reader, [])
    except (csv.Error, RowFault) as fault:
        raise StartupError(f"The first line must name the columns: {fault}.") from None
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise StartupError(f"There is no column {unknown[0][:40]!r}: a column is one of {', '.join(COLUMNS)}.")
    if "title" not in names or len(set(names)) < len(names):
        raise StartupError("The first line must name the columns, each once, and `title` among them.")
    return names


def _task(line: int, header: Sequence[str], cells: Sequence[str], parent: str) -> task_service_pb2.TaskImport:
    from taxiway.v1 import task_service_pb2

    if len(cells) != len(header):
        raise RowFault(f"the row has {len(cells)} values, and the first line {len(header)} columns")
    row = task_service_pb2.TaskImport(line=line)
    for name, value in zip(header, cells, strict=True):
        if name == "task_id":
            row.task_id = value.strip()
        elif value:
            fill(row.task, name, value)
    own(row.task, parent)
    return row


def write(tasks: Iterable[task_pb2.Task], file: TextIO) -> int:
    """Answers how many they were."""
    writer, count = csv.writer(file), 0
    writer.writerow(COLUMNS)
    for count, task in enumerate(tasks, 1):  # noqa: B007 - The last count is the answer.
        writer.writerow([cell(task, name) for name in COLUMNS])
    return count
