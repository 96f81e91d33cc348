"""The tables of `status` are whole: every reason of the contract can be sent, with the code that its comment says."""

import grpc
import pytest

from persistence import errors as persistence
from persistence.errors import PersistenceError
from service import errors, subtask_errors
from service.errors import ServiceError
from service.interceptors import status
from taxiway.v1.error_pb2 import ErrorReason
from tests.e2e.refusals import documented_codes

SAYS_ITSELF = {errors.TooManyAttempts}  # how long, since each one more takes longer
WITHOUT_RETRY = {"REQUEST_TOO_LARGE", "RESPONSE_TOO_LARGE", "TOO_MANY_TASKS", "METADATA_TOO_LARGE"}


def leaves(root: type[BaseException]) -> list[type[BaseException]]:
    """The classes below `root` that are raised as they are: those that say a reason, or that nothing stands below."""
    below = [leaf for kind in root.__subclasses__() for leaf in leaves(kind)]
    own = [root] if not root.__subclasses__() or "reason" in vars(root) else []
    return own + below


def code_of(kind: type[BaseException]) -> grpc.StatusCode:
    return next((status.CODES[parent] for parent in kind.__mro__ if parent in status.CODES), grpc.StatusCode.INTERNAL)


def reason_of(kind: type[BaseException]) -> str:
    reason: str = kind.reason if issubclass(kind, ServiceError) else status.TOLD[kind][0]
    return reason


Code = grpc.StatusCode
# They leave persistence only as what `status` maps, or as a bug: `Database` and the use cases take them before.
INSIDE = {
    persistence.UniqueViolation,
    persistence.CheckViolation,
    persistence.CommitInDoubt,
    persistence.RightsMissing,
}
RAISED = [kind for kind in leaves(ServiceError) + leaves(PersistenceError) if kind not in INSIDE]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_each_error_has_a_reason_of_the_contract_and_the_code_that_its_comment_says(kind: type[BaseException]) -> None:
    """The contract begins with one code; of a field that names what is not there the reason has another one too."""
    expected: dict[type[BaseException], Code] = {subtask_errors.ReferenceNotFound: Code.FAILED_PRECONDITION}
    assert expected.get(kind, documented_codes()[reason_of(kind)]) is code_of(kind)


def test_every_reason_of_the_contract_is_sent_by_some_error() -> None:
    sent = {reason_of(kind) for kind in RAISED} | {"INTERNAL_ERROR"}
    assert sent == set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}
    assert set(documented_codes()) == sent


def test_unknown_and_data_loss_are_never_sent() -> None:
    assert not {grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS} & set(status.CODES.values())


@pytest.mark.parametrize(
    "kind", [kind for kind in RAISED if kind is not errors.CallCancelled], ids=lambda kind: kind.__name__
)
def test_where_waiting_helps_the_answer_says_how_long(kind: type[BaseException]) -> None:
    """RESOURCE_EXHAUSTED but for what is too large, UNAVAILABLE, and what lost a race (api.md, Codes)."""
    told = any(parent in status.RETRY_AFTER for parent in kind.__mro__) or kind in SAYS_ITSELF
    waits = code_of(kind) in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
    races = code_of(kind) is grpc.StatusCode.ABORTED and kind is not errors.EtagMismatch
    assert told == ((waits or races) and reason_of(kind) not in WITHOUT_RETRY)
