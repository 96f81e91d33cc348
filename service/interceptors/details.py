"""The details of a refusal (google.rpc.*, AIP-193), kept small: a long status hides its own code from the client."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2

from service import limits
from service.errors import ResourceRef, Violation

DOMAIN = "taxiway"
PUSHBACK = "grpc-retry-pushback-ms"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a caller is told. `retry_after` is in milliseconds; -1 tells gRPC not to repeat the call by itself."""

    code: int
    reason: str
    message: str
    request_id: str
    retry_after: int | None = None
    violations: Sequence[Violation] = ()
    resource: ResourceRef | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


def trailers(refusal: Refusal) -> tuple[tuple[str, str | bytes], ...]:
    """The trailing metadata: the status with its details, and when gRPC itself may repeat the call."""
    status = status_pb2.Status(code=refusal.code, message=shortened(refusal.message))
    for detail in _details(refusal):
        packed = any_pb2.Any()
        packed.Pack(detail)
        if status.ByteSize() + packed.ByteSize() > limits.TRAILER_BYTES * 3 // 4 - 128:  # Core adds base64
            break
        status.details.append(packed)
    encoded = ("grpc-status-details-bin", status.SerializeToString())
    return (encoded,) if refusal.retry_after is None else (encoded, (PUSHBACK, str(refusal.retry_after)))


def shortened(message: str) -> str:
    """At most `limits.MESSAGE_BYTES` of UTF-8."""
    return message.encode()[: limits.MESSAGE_BYTES].decode(errors="ignore")


def _details(refusal: Refusal) -> Iterator[Message]:
    yield details.ErrorInfo(reason=refusal.reason, domain=DOMAIN, metadata=refusal.metadata)
    yield details.RequestInfo(request_id=refusal.request_id)
    if refusal.retry_after is not None and refusal.retry_after >= 0:
        yield details.RetryInfo(retry_delay=_duration(refusal.retry_after))
    if refusal.resource is not None:
        yield _about(refusal, refusal.resource)
    if refusal.code == 9:  # FAILED_PRECONDITION
        yield _precondition(refusal)
    if refusal.violations:
        yield _violations(refusal.violations)


def _duration(milliseconds: int) -> Duration:
    return Duration(seconds=milliseconds // 1000, nanos=milliseconds % 1000 * 1_000_000)


def _about(refusal: Refusal, resource: ResourceRef) -> Message:
    text = shortened(refusal.message)
    about: Message = details.ResourceInfo(resource_type=resource.type, resource_name=resource.name, description=text)
    return about


def _precondition(refusal: Refusal) -> Message:
    subject = refusal.resource.name if refusal.resource else ""
    text = shortened(refusal.message)
    violation = details.PreconditionFailure.Violation(type=refusal.reason, subject=subject, description=text)
    failure: Message = details.PreconditionFailure(violations=[violation])
    return failure


def _violations(violations: Sequence[Violation]) -> Any:
    """As many as fit into 2 KiB: the first ones matter most."""
    request, room = details.BadRequest(), 2048
    for violation in violations:
        named = details.BadRequest.FieldViolation(field=violation.field, description=violation.description)
        room -= named.ByteSize() + 4
        if room < 0:
            break
        request.field_violations.append(named)
    return request
