"""Timestamps between proto and values: microseconds, and nothing that no datetime can hold."""

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from service.fields import EARLIEST, LATEST
from service.timestamps import fill, from_timestamp


@pytest.mark.parametrize("value", [EARLIEST, LATEST, datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC)])
def test_a_time_comes_back_as_it_was(value: datetime) -> None:
    stamp = Timestamp()
    fill(stamp, value)
    assert from_timestamp(stamp) == value
    assert stamp.ToDatetime(UTC) == value


def test_nanoseconds_are_cut_and_not_rounded() -> None:
    assert from_timestamp(Timestamp(seconds=1, nanos=999_999_999)) == datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(-1, 0), (253_402_300_800, 0), (2**63 - 1, 0), (-(2**63), 0), (0, -1), (0, 10**9)]
)
def test_what_no_datetime_holds_is_none(seconds: int, nanos: int) -> None:
    assert from_timestamp(Timestamp(seconds=seconds, nanos=nanos)) is None
