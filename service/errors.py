"""What a caller can be told. Each class has one `ErrorReason` of error.proto; `interceptors/status.py` adds the code.

ServiceError
|-- InvalidArgument            INVALID_FIELD, with the violations field by field
|   |-- MalformedRequest       the bytes are no such message
|   |-- InvalidPageToken       not a token of this list, or for other arguments
|   `-- InvalidFilter          a filter that breaks a rule of its language
|-- NotFound                   RESOURCE_NOT_FOUND
|   `-- ParentNotFound         the owner in the name does not exist
|-- AlreadyExists              RESOURCE_ALREADY_EXISTS
|   `-- NotDeleted             undelete of a living resource
|-- FailedPrecondition
|   |-- ResourceDeleted        writes to a deleted resource
|   |-- OwnerDeleted           writes below a deleted user
|   |-- IllegalTransition      a state change that the present state does not allow
|   |-- NoSession              the call came with an API key or a certificate, which have no session
|   |-- NotAService            API keys are for accounts of role SERVICE
|   |-- AmbiguousName          `users/-` where several owners have a task of that id
|   `-- (subtask_errors.py)    what tasks, their subtasks and their projects ask of each other
|-- EtagMismatch               the resource changed since it was read
|-- ResourceExhausted
|   |-- RequestTooLarge  ResponseTooLarge  MetadataTooLarge
|   |-- TooManyAttempts        too many passwords were tried for the account or from the address
|   `-- Overloaded             too many calls in flight in this worker
|       `-- HashingBusy        too many passwords are being hashed
|-- Unauthenticated            no credentials, or none that hold; one sentence whatever is wrong with them
|-- PermissionDenied           known, and not allowed; one sentence whether or not the resource exists
|-- AccessUnknown              the database is silent, so that nobody knows who is still allowed in
|-- Draining                   this worker is about to end
|-- DeadlineExceeded           the caller's deadline, or the server's ceiling
|-- CallCancelled              the work ended without an answer, though nobody cancelled it
`-- MethodNotFound             no such method
StartupError                   the service cannot start; one sentence for the operator
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import ClassVar, Self

from service import limits


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault of a request: `field` is the path in the proto, as in `task.title`."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """The resource that an error is about: its type, as in `taxiway.dev/Task`, and its name."""

    type: str
    name: str


class ServiceError(Exception):
    """Root of what a caller is told: `message` says what was wrong, where, and what to do (at most 512 bytes)."""

    reason: ClassVar[str]

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        resource: ResourceRef | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.resource = resource
        self.metadata = metadata or {}

    def within(self, place: str) -> Self:
        """The same fault of one item of a batch: `place`, as in `requests[17]`, stands before message and fields."""
        named = [Violation(f"{place}.{fault.field}", fault.description) for fault in self.violations]
        found = copy(self)
        found.message = f"{place}: {self.message}"
        found.violations = tuple(named) or (Violation(place, self.message),)
        return found


class InvalidArgument(ServiceError):
    reason = "INVALID_FIELD"


def invalid(violations: Sequence[Violation]) -> InvalidArgument:
    """The error for these violations: the first in the message, as many as may be named in the details."""
    first, others = violations[0], len(violations) - 1
    more = f" ({others} more in the details)" if others else ""
    return InvalidArgument(f"{first.field} {first.description}{more}.", violations=violations[: limits.VIOLATIONS])


class MalformedRequest(InvalidArgument):
    reason = "MALFORMED_REQUEST"


class InvalidPageToken(InvalidArgument):
    reason = "INVALID_PAGE_TOKEN"


class InvalidFilter(InvalidArgument):
    reason = "INVALID_FILTER"


class NotFound(ServiceError):
    reason = "RESOURCE_NOT_FOUND"


class ParentNotFound(NotFound):
    reason = "PARENT_NOT_FOUND"


class AlreadyExists(ServiceError):
    reason = "RESOURCE_ALREADY_EXISTS"


class NotDeleted(AlreadyExists):
    reason = "RESOURCE_NOT_DELETED"


class FailedPrecondition(ServiceError):
    pass


class ResourceDeleted(FailedPrecondition):
    reason = "RESOURCE_DELETED"


class OwnerDeleted(FailedPrecondition):
    reason = "OWNER_DELETED"


class IllegalTransition(FailedPrecondition):
    reason = "STATE_TRANSITION"


class NoSession(FailedPrecondition):
    reason = "NO_SESSION"


class NotAService(FailedPrecondition):
    reason = "NOT_A_SERVICE"


class AmbiguousName(FailedPrecondition):
    reason = "AMBIGUOUS_NAME"


class EtagMismatch(ServiceError):
    reason = "ETAG_MISMATCH"


class ResourceExhausted(ServiceError):
    pass


class RequestTooLarge(ResourceExhausted):
    reason = "REQUEST_TOO_LARGE"


class ResponseTooLarge(ResourceExhausted):
    reason = "RESPONSE_TOO_LARGE"


class MetadataTooLarge(ResourceExhausted):
    reason = "METADATA_TOO_LARGE"


class TooManyAttempts(ResourceExhausted):
    """`retry_after` seconds from now the next attempt is counted."""

    reason = "TOO_MANY_ATTEMPTS"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many attempts for this account or from this address; wait as RetryInfo says.")
        self.retry_after = retry_after


class Overloaded(ResourceExhausted):
    reason = "OVERLOADED"


class HashingBusy(Overloaded):
    def __init__(self) -> None:
        super().__init__("Too many passwords are being checked; wait as RetryInfo says and repeat.")


class Unauthenticated(ServiceError):
    """The text is the same whatever is wrong: what does not hold tells a stranger nothing about why.

    `noted`: the audit log has it already, with more than the chain knows.
    """

    reason = "UNAUTHENTICATED"

    def __init__(self, *, noted: bool = False) -> None:
        super().__init__("The credentials do not hold; sign in, or send a valid token as `authorization: Bearer`.")
        self.noted = noted


class PermissionDenied(ServiceError):
    reason = "PERMISSION_DENIED"

    def __init__(self) -> None:
        super().__init__("The caller may not do this to this resource (or it might not exist).")


class AccessUnknown(ServiceError):
    reason = "DATABASE_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The database is silent, so that nobody can be let in; repeat the call later.")


class Draining(ServiceError):
    reason = "DRAINING"


class DeadlineExceeded(ServiceError):
    reason = "DEADLINE_EXCEEDED"


class CallCancelled(ServiceError):
    reason = "CALL_CANCELLED"


class MethodNotFound(ServiceError):
    reason = "METHOD_NOT_FOUND"


class StartupError(Exception):
    """Why the service cannot start, in one sentence: what is wrong, where, and what to do."""
