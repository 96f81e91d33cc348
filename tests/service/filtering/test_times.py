"""Times in a filter: RFC 3339, and what is missing where they are none."""

from datetime import UTC, datetime

import pytest

from service.filtering.times import parse_time


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31 12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T23:30:00-05:45", datetime(2026, 2, 1, 5, 15, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456999Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("9000-12-31T23:59:59.999999999Z", datetime(9000, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc_and_cut_to_microseconds(written: str, moment: datetime) -> None:
    read = parse_time(written)
    assert (read, read.utcoffset()) == (moment, moment.utcoffset())


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("2026-01-31", "a date alone is no time: time of day and zone are missing, as in 2026-01-31T00:00:00Z"),
        ("2026-01-31T12:00:00", "the zone is missing: `Z` for UTC, or an offset as in `+02:00`"),
        ("2026-01-31T12:00:00.5", "the zone is missing: `Z` for UTC, or an offset as in `+02:00`"),
        ("2026-02-30T12:00:00Z", "there is no such day or time of day"),
        ("2026-01-31T24:00:00Z", "there is no such day or time of day"),
        ("2026-01-31T12:00:60Z", "there is no such day or time of day"),
        ("0000-01-01T00:00:00Z", "there is no such day or time of day"),
        ("1969-12-31T23:59:59Z", "a time must be between 1970-01-01T00:00:00Z and 9000-12-31T23:59:59.999999Z"),
        ("9999-12-31T23:59:59-23:59", "a time must be between 1970-01-01T00:00:00Z and 9000-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00+23:59", "a time must be between 1970-01-01T00:00:00Z and 9000-12-31T23:59:59.999999Z"),
        ("2026-01-31T12:00Z", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("2026-01-31T12:00:00+0200", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("2026-01-31T12:00:00+24:00", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("2026-01-31T12:00:00 Z", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("20260131T120000Z", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("٢٠٢٦-01-31T12:00:00Z", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("tomorrow", "a time is due, as in 2026-01-31T17:30:00Z"),
        ("", "a time is due, as in 2026-01-31T17:30:00Z"),
    ],
)
def test_what_is_no_time_is_told_what_it_lacks(written: str, rule: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the rule is compared as a whole
        parse_time(written)
    assert str(caught.value) == rule
