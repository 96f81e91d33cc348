"""Timestamps between proto (seconds and nanoseconds) and values (aware datetimes of microseconds, UTC)."""

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)


def from_timestamp(stamp: Timestamp) -> datetime | None:
    """The time, cut to microseconds; None where no datetime can hold it (`OptionalInstant` then refuses it)."""
    if not 0 <= stamp.seconds <= _SECONDS or not 0 <= stamp.nanos < 1_000_000_000:
        return None
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)


def fill(stamp: Timestamp, value: datetime) -> None:
    """Set as integers: assigning a datetime costs some ten times as much, and a page of 50 pays it 150 times."""
    past = value - _EPOCH
    stamp.seconds = past.days * 86_400 + past.seconds
    stamp.nanos = past.microseconds * 1_000
