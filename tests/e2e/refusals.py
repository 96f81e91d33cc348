"""What a caller is told when a call fails: the status with its details, held against the comments of error.proto."""

import re
from collections.abc import Awaitable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

from taxiway.v1 import error_pb2

PROTO = Path(__file__).resolve().parents[2] / "protos/taxiway/v1/error.proto"
Detail = TypeVar("Detail", bound=Message)
Code = grpc.StatusCode
OF_FIELDS = ("INVALID_FIELD", "INVALID_PAGE_TOKEN", "INVALID_FILTER")
# The contract has the other code first: it is that of a parent in the name of the request.
OF_A_FIELD = (Code.FAILED_PRECONDITION, "PARENT_NOT_FOUND")
KINDS = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        details.ErrorInfo,
        details.RequestInfo,
        details.RetryInfo,
        details.ResourceInfo,
        details.PreconditionFailure,
        details.BadRequest,
    )
}


@cache
def documented_codes() -> dict[str, grpc.StatusCode]:
    """Reason -> the code that its comment in error.proto begins with."""
    found = re.findall(r"// ([A-Z_]+)\. (?:[^\n]*)\n(?: *//[^\n]*\n)* *([A-Z_]+) = \d+;", PROTO.read_text())
    return {reason: grpc.StatusCode[code] for code, reason in found if not reason.endswith("UNSPECIFIED")}


@dataclass(frozen=True)
class Refusal:
    """The code, the message, the trailers and the details of a call that failed."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]
    details: tuple[Message, ...]

    def only(self, kind: type[Detail]) -> Detail:
        """The one detail of this kind."""
        (found,) = self.every(kind)
        return found

    def every(self, kind: type[Detail]) -> list[Detail]:
        return [detail for detail in self.details if isinstance(detail, kind)]

    @property
    def reason(self) -> str:
        return str(self.only(details.ErrorInfo).reason)

    @property
    def fields(self) -> list[str]:
        """The paths that BadRequest names."""
        return [violation.field for request in self.every(details.BadRequest) for violation in request.field_violations]


async def refused(call: Awaitable[object], code: grpc.StatusCode, reason: str) -> Refusal:
    """The refusal of a call that must fail with this code and reason, and with the details that the code asks for."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    refusal = read(caught.value)
    assert (refusal.code, refusal.reason) == (code, reason), refusal.message
    assert bool(refusal.fields) >= (code is Code.INVALID_ARGUMENT and reason in OF_FIELDS), "it names the field"
    return refusal


def read(error: grpc.aio.AioRpcError) -> Refusal:
    """The refusal, held against the rules that every error keeps (AIP-193)."""
    trailers = tuple(error.trailing_metadata() or ())
    (packed,) = (value for key, value in trailers if key == "grpc-status-details-bin")
    assert isinstance(packed, bytes)
    status = status_pb2.Status.FromString(packed)
    refusal = Refusal(error.code(), error.details() or "", trailers, tuple(map(_unpacked, status.details)))
    assert (status.code, status.message) == (refusal.code.value[0], refusal.message), "both statuses agree"
    _keeps_the_rules(refusal)
    return refusal


def _unpacked(packed: Message) -> Message:
    name = packed.type_url.rpartition("/")[2]  # type: ignore[attr-defined]  # google.protobuf.Any, whose stub is looser
    message: Message = KINDS[name].FromString(packed.value)  # type: ignore[attr-defined]  # as above
    return message


def _keeps_the_rules(refusal: Refusal) -> None:
    info = refusal.only(details.ErrorInfo)
    assert info.domain == "taxiway"
    assert info.reason in dict(error_pb2.ErrorReason.items())
    of_a_field = (refusal.code, info.reason) == OF_A_FIELD and bool(refusal.fields)
    assert of_a_field or documented_codes()[info.reason] is refusal.code, "error.proto's comment names the code"
    assert refusal.only(details.RequestInfo).request_id
    assert 0 < len(refusal.message.encode()) <= 512
    named = [type(detail).__name__ for detail in refusal.details]
    assert len(named) == len(set(named)), "each kind of detail comes once"
    assert ("PreconditionFailure" in named) == (refusal.code is Code.FAILED_PRECONDITION)
    if refusal.code in (Code.NOT_FOUND, Code.ALREADY_EXISTS, Code.FAILED_PRECONDITION):
        assert refusal.only(details.ResourceInfo).resource_type.startswith("taxiway.dev/")
