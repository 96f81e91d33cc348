"""How far a long command is: a bar on a terminal, a line every few seconds elsewhere, all on standard error."""

from __future__ import annotations

import time
from typing import TextIO

EACH = 5.0  # seconds between lines
WIDTH = 24  # characters of the bar


class Progress:
    """`total`: the bytes of the file, None where nobody knows."""

    def __init__(self, stream: TextIO, total: int | None) -> None:
        self._stream = stream
        self._total = total
        self._bar = stream.isatty()
        self._began = self._told = time.monotonic()
        self._shown = False

    def show(self, rows: int, size: int = 0) -> None:
        """`rows` are done, and `size` bytes of the file read."""
        now = time.monotonic()
        text = self._text(rows, size, max(now - self._began, 1e-3))
        if self._bar:
            self._stream.write(f"\r\033[K{text}")
            self._stream.flush()
            self._shown = True
        elif now - self._told >= EACH:
            self._told = now
            self._stream.write(f"{text}\n")

    def _text(self, rows: int, size: int, seconds: float) -> str:
        told = f"{rows:,} rows  {rows / seconds:,.0f} rows/s"
        if not self._total:
            return told
        share = min(size / self._total, 1.0)
        bar = f"[{'#' * round(share * WIDTH):-<{WIDTH}}] " if self._bar else ""
        return f"{told}  {bar}{share:4.0%} of {self._total / 1e6:,.1f} MB"

    def say(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        self._stream.write(f"{text}\n")

    def clear(self) -> None:
        """Takes the bar away."""
        if self._shown:
            self._stream.write("\r\033[K")
            self._shown = False
