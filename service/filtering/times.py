"""Times as RFC 3339 writes them, cut to microseconds."""

import re
from datetime import UTC, datetime

from service.fields import EARLIEST, LATEST

_TIME = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d+))?(?P<zone>[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?",
    re.ASCII,
)


def parse_time(text: str) -> datetime:
    """The time in UTC. Raises ValueError with what is missing or wrong."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("a time is due, as in 2026-01-31T17:30:00Z")
    date, clock, fraction, zone = found["date"], found["clock"], found["fraction"] or "0", found["zone"]
    if clock is None:
        raise ValueError(f"a date alone is no time: time of day and zone are missing, as in {date}T00:00:00Z")
    if zone is None:
        raise ValueError("the zone is missing: `Z` for UTC, or an offset as in `+02:00`")
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}.{fraction[:6]:0<6}{zone.upper()}")
    except ValueError:
        raise ValueError("there is no such day or time of day") from None
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("a time must be between 1970-01-01T00:00:00Z and 9000-12-31T23:59:59.999999Z")
    return moment.astimezone(UTC)
