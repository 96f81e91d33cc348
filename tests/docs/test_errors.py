"""docs/errors.md has every reason of the contract, with the code that the service answers."""

from __future__ import annotations

import re

import pytest

from persistence.errors import PersistenceError
from service import subtask_errors
from service.errors import ServiceError
from service.interceptors.status import CODES, TOLD
from taxiway.v1.error_pb2 import ErrorReason
from tests.docs.markdown import ROOT, table

TOLD_CODES = {reason: code for reason, code, _, _ in table((ROOT / "docs/errors.md").read_text(), "reason")}
PROTO = (ROOT / "protos/taxiway/v1/error.proto").read_text()
IN_PROTO = {
    reason: re.sub(r"\s*//\s*", " ", comment).strip().split(".")[0]
    for comment, reason in re.findall(r"((?:^  //.*\n)+)  (\w+) = \d+;", PROTO, re.MULTILINE)
}


def test_every_reason_of_the_contract_has_its_row() -> None:
    assert list(TOLD_CODES) == [
        reason for reason in ErrorReason.DESCRIPTOR.values_by_name if reason != "ERROR_REASON_UNSPECIFIED"
    ]


def test_the_errors_of_every_file_are_looked_at() -> None:
    assert subtask_errors.TooDeep in subclasses(ServiceError)


def test_the_codes_are_those_that_the_service_answers() -> None:
    answered = {("INTERNAL_ERROR", "INTERNAL")}
    answered |= {(kind.reason, code(kind)) for kind in subclasses(ServiceError) if hasattr(kind, "reason")}
    answered |= {(told[0], CODES[kind].name) for kind, told in TOLD.items() if issubclass(kind, PersistenceError)}
    assert answered == {(reason, each) for reason, codes in TOLD_CODES.items() for each in codes.split(", ")}


@pytest.mark.parametrize("reason", TOLD_CODES)
def test_the_contract_names_the_same_code(reason: str) -> None:
    """The first of them: the one that callers meet first."""
    assert IN_PROTO[reason] == TOLD_CODES[reason].split(", ")[0]


def subclasses(kind: type[ServiceError]) -> list[type[ServiceError]]:
    return [found for child in kind.__subclasses__() for found in (child, *subclasses(child))]


def code(kind: type[ServiceError]) -> str:
    return next(CODES[base].name for base in kind.__mro__ if base in CODES)
