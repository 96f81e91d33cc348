"""Requests of more than 1 MiB are refused with details; what is refused costs nothing else."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from tests.e2e.conftest import Service
from tests.e2e.making import make_task, make_user
from tests.e2e.methods import Method, methods
from tests.e2e.refusals import refused

Code = grpc.StatusCode
MIB = 1 << 20


@pytest.mark.parametrize("method", methods(), ids=str)
@pytest.mark.parametrize("size", [MIB + 1, 2 * MIB], ids=["1 MiB and a byte", "2 MiB"])
async def test_a_request_that_is_too_large(untouched: Service, method: Method, size: int) -> None:
    """Whether the bytes are a message does not matter: the length is looked at first."""
    call = method.raw(untouched.channel)(b"\x0a" * size)
    refusal = await refused(call, Code.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE")
    assert refusal.only(details.ErrorInfo).metadata["limit"] == str(MIB)


@pytest.mark.parametrize("method", methods(), ids=str)
async def test_a_request_of_just_1_mib_is_parsed(untouched: Service, method: Method) -> None:
    call = method.raw(untouched.channel)(b"\x0a" * MIB)
    await refused(call, Code.INVALID_ARGUMENT, "MALFORMED_REQUEST")


async def test_a_text_of_a_mib_is_refused_by_its_length(untouched: Service) -> None:
    call = make_task(untouched, "users/me", description="x" * (MIB - 100))
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["task.description"]


async def test_a_map_of_many_thousand_entries_is_refused(untouched: Service) -> None:
    call = make_user(untouched, annotations={str(n): "" for n in range(60_000)})
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["user.annotations"]


@pytest.mark.parametrize(
    "annotations", [{"": "x"}, {"k" * 64: "x"}, {"k": "x" * 1001}], ids=["no key", "long key", "long value"]
)
async def test_annotations_of_a_wrong_length(untouched: Service, annotations: dict[str, str]) -> None:
    call = make_user(untouched, annotations=annotations)
    assert (await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["user.annotations"]


async def test_annotations_at_their_very_limit_are_kept(shared_service: Service) -> None:
    annotations = {f"{n:02}" + "\U0001f6eb" * 61: "x" * 10 for n in range(60)} | {
        "long": "\U0001f6eb" * 255
    }  # 16,384 bytes
    assert dict((await make_user(shared_service, annotations=annotations)).annotations) == annotations
