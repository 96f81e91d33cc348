"""Ids of resources: UUIDs in canonical form, version 7 where the server makes them."""

import os
import re
import threading
import time
from uuid import UUID

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


def parse_uuid(text: str) -> UUID | None:
    """The UUID of its canonical lower-case form; None for all else that `uuid.UUID()` would take (braces, urn, ...)."""
    return UUID(text) if _CANONICAL.fullmatch(text) else None


class IdentifierSource:
    """Makes UUIDs of version 7 (RFC 9562, section 6.2, method 3: sub-millisecond time) that grow within a process.

    48 bits of milliseconds, 12 bits of fraction, 62 random bits. A clock that stands or steps back does not turn the
    order: the next id then takes the next fraction.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> UUID:
        ticks = (time.time_ns() << 12) // 1_000_000  # milliseconds with 12 bits of fraction
        with self._lock:
            self._last = ticks = max(ticks, self._last + 1)
        milliseconds, fraction = ticks >> 12, ticks & 0xFFF
        random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
        return UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | random)


_SOURCE = IdentifierSource()
new_id = _SOURCE.new
