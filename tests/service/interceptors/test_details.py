"""The details of a refusal stay small: a long status never reaches the client."""

import pytest
from google.rpc import error_details_pb2 as pb
from google.rpc import status_pb2

from service import limits
from service.errors import ResourceRef, Violation
from service.interceptors.details import Refusal, shortened, trailers

LONG = "\U0001f6eb" * 4000


def status(refusal: Refusal) -> status_pb2.Status:
    encoded = dict(trailers(refusal))["grpc-status-details-bin"]
    assert isinstance(encoded, bytes)
    return status_pb2.Status.FromString(encoded)


def kinds(refusal: Refusal) -> list[str]:
    return [detail.type_url.rpartition(".")[2] for detail in status(refusal).details]


def test_a_refusal_of_everything_at_its_longest_keeps_reason_and_incident() -> None:
    violations = [Violation(f"field_{n}", LONG) for n in range(100)]
    refusal = Refusal(9, "STATE_TRANSITION", LONG, "id", 100, violations, ResourceRef("t", LONG), {"k": "v"})
    assert len(status(refusal).SerializeToString()) <= limits.TRAILER_BYTES
    assert kinds(refusal)[:3] == ["ErrorInfo", "RequestInfo", "RetryInfo"]


def test_the_first_violations_are_named_as_far_as_there_is_room() -> None:
    violations = [Violation(f"field_{n}", "x" * 300) for n in range(20)]
    refusal = Refusal(3, "INVALID_FIELD", "wrong", "id", None, violations)
    request = pb.BadRequest()
    status(refusal).details[-1].Unpack(request)
    named = [violation.field for violation in request.field_violations]
    assert named == [f"field_{n}" for n in range(len(named))]
    assert 3 <= len(named) < 20


@pytest.mark.parametrize("text", ["", "x", "x" * 512, "x" * 513, LONG, "x" + LONG])
def test_a_message_is_cut_between_characters(text: str) -> None:
    cut = shortened(text)
    assert len(cut.encode()) <= 512
    assert text.startswith(cut)
    assert len(cut.encode()) > 508 or cut == text


def test_when_to_repeat_is_told_to_the_caller_and_to_grpc() -> None:
    refusal = Refusal(14, "DRAINING", "wait", "id", 250)
    retry = pb.RetryInfo()
    status(refusal).details[-1].Unpack(retry)
    assert retry.retry_delay.ToMilliseconds() == 250
    assert dict(trailers(refusal))["grpc-retry-pushback-ms"] == "250"


def test_what_must_not_be_repeated_says_so_to_grpc_alone() -> None:
    refusal = Refusal(14, "OUTCOME_UNKNOWN", "look", "id", -1)
    assert kinds(refusal) == ["ErrorInfo", "RequestInfo"]
    assert dict(trailers(refusal))["grpc-retry-pushback-ms"] == "-1"
