"""Times outside of 1970 to 9000, nanoseconds outside of a second, and how a time is cut."""

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, update_task
from tests.e2e.refusals import refused

Code = grpc.StatusCode
LATEST = 221_876_927_999  # 9000-12-31T23:59:59Z
OUTSIDE = [
    (-1, 0),
    (-1, 999_999_999),
    (LATEST + 1, 0),
    (253_402_300_799, 999_999_999),  # the end of the year 9999
    (253_402_300_800, 0),
    (-62_135_596_800, 0),  # the beginning of the year 1
    (-62_135_596_801, 0),
    (2**63 - 1, 0),
    (-(2**63), 0),
    (1, -1),
    (1, -(2**31)),
    (1, 10**9),
    (1, 2**31 - 1),
]


@pytest.mark.parametrize(("seconds", "nanos"), OUTSIDE)
async def test_a_time_outside_of_the_range(shared_service: Service, seconds: int, nanos: int) -> None:
    due = Timestamp(seconds=seconds, nanos=nanos)
    task = await make_task(shared_service, "users/me")
    for call in (
        make_task(shared_service, "users/me", due_time=due),
        update_task(shared_service, Task(name=task.name, due_time=due), "due_time"),
        update_task(shared_service, Task(name=task.name, due_time=due)),
    ):
        assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.due_time"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((0, 0), (0, 0)),
        ((0, 999), (0, 0)),
        ((1, 1_999), (1, 1_000)),
        ((LATEST, 999_999_999), (LATEST, 999_999_000)),
    ],
)
async def test_a_time_is_kept_in_microseconds(
    shared_service: Service, given: tuple[int, int], kept: tuple[int, int]
) -> None:
    made = await make_task(shared_service, "users/me", due_time=Timestamp(seconds=given[0], nanos=given[1]))
    assert (made.due_time.seconds, made.due_time.nanos) == kept
    assert made.HasField("due_time"), "the first second of 1970 is a time, not the lack of one"
