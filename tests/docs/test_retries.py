"""docs/retries.md describes the service configs that are shipped."""

from __future__ import annotations

import importlib.resources
import json

import pytest

from taxiway.v1.error_pb2 import ErrorReason
from tests.docs.markdown import ROOT, table

TEXT = (ROOT / "docs/retries.md").read_text()


@pytest.mark.parametrize("row", table(TEXT, "file"))
def test_the_figures_are_those_of_the_file(row: list[str]) -> None:
    name, _, attempts, backoff = row
    config = json.loads((importlib.resources.files("taxiway.v1") / name).read_text())
    (policy,) = (method["retryPolicy"] for method in config["methodConfig"])
    assert int(attempts) == policy["maxAttempts"]
    assert backoff == f"{policy['initialBackoff']} to {policy['maxBackoff']}"
    assert policy["retryableStatusCodes"] == ["UNAVAILABLE", "CANCELLED"]


def test_every_reason_that_it_names_is_one_of_the_contract() -> None:
    named = [word.strip(",") for row in table(TEXT, "code") for word in row[0].split() if "_" in word]
    codes = {"DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"}
    assert named
    assert set(named) - codes <= set(ErrorReason.keys())
