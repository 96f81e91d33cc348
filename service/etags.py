"""Etags: quoted (RFC 9110, section 8.8.3), opaque to callers, made of a row's version and creation."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = struct.Struct(">QQ")
NEVER = (0, _EPOCH)  # what no row has: versions begin at 1


def make_etag(version: int, created_at: datetime) -> str:
    packed = _FORM.pack(version, (created_at - _EPOCH) // _MICROSECOND)
    return f'"{urlsafe_b64encode(packed).decode().rstrip("=")}"'


def parse_etag(text: str) -> tuple[int, datetime] | None:
    """Version and creation; None where no etag is given; `NEVER`, which fits no row, for what is no etag of ours."""
    if not text:
        return None
    try:
        version, created = _FORM.unpack(urlsafe_b64decode(text.strip('"') + "=="))
        parsed = (version, _EPOCH + timedelta(microseconds=created))
    except (ValueError, struct.error, OverflowError):
        return NEVER
    return parsed if make_etag(*parsed) == text and version < 1 << 63 else NEVER
