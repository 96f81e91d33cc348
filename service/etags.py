"""Etags: quoted (RFC 9110, section 8.8.3), opaque to callers, made of a row's version and creation."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r'"([0-9a-f]{1,15})-([0-9a-f]{1,15})"', re.ASCII)
NEVER = (0, _EPOCH)  # what no row has: versions begin at 1


def make_etag(version: int, created_at: datetime) -> str:
    return f'"{version:x}-{(created_at - _EPOCH) // _MICROSECOND:x}"'


def parse_etag(text: str) -> tuple[int, datetime] | None:
    """Version and creation; None where no etag is given; `NEVER`, which fits no row, for what is no etag of ours."""
    if not text:
        return None
    form = _FORM.fullmatch(text)
    if form is None:
        return NEVER
    try:
        parsed = (int(form[1], 16), _EPOCH + timedelta(microseconds=int(form[2], 16)))
    except OverflowError:
        return NEVER
    return parsed if make_etag(*parsed) == text else NEVER
