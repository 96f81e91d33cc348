"""The lines of a file that may hold anything: read one by one, and never more of one than a row may have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from service.errors import StartupError

LONGEST = 1 << 20  # bytes of a row, as a message has at the most
_BOM = b"\xef\xbb\xbf"
_OTHERS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16 and UTF-32


class RowFault(Exception):
    """Why a row of a file cannot be sent: what stands behind its name, as in `priority must be ...`."""


@dataclass(frozen=True, slots=True)
class Line:
    """`data` ends as it stands in the file; it is empty where the line is too long. `quotes`: how many it has."""

    data: bytes
    quotes: int
    too_long: bool = False

    def text(self) -> str:
        """Raises RowFault."""
        if self.too_long:
            raise RowFault(f"the row is longer than {LONGEST >> 20} MiB")
        try:
            return self.data.decode()
        except UnicodeDecodeError as error:
            raise RowFault(f"the row is not UTF-8 text: byte {error.start + 1} of the line cannot be read") from None


class Lines(Iterator[Line]):
    """The lines of a file, without a byte-order mark. `number` is that of the last one, `size` all bytes so far.

    Raises StartupError for a file of another encoding.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.number = 0
        self.size = 0
        self._file = file

    def __next__(self) -> Line:
        data = self._read()
        if not data:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            if data.startswith(_OTHERS):
                raise StartupError("The file is not UTF-8 text: save it as UTF-8.")
            data = data.removeprefix(_BOM)
        if len(data) <= LONGEST:
            return Line(data, data.count(b'"'))
        return Line(b"", data.count(b'"') + self._skip(data), too_long=True)

    def _read(self) -> bytes:
        data = self._file.readline(LONGEST + 1)
        self.size += len(data)
        return data

    def _skip(self, data: bytes) -> int:
        """To the end of the line; answers how many quotes were in the rest."""
        quotes = 0
        while data and not data.endswith(b"\n"):
            data = self._read()
            quotes += data.count(b'"')
        return quotes
