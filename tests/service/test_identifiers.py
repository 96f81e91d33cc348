"""Ids: one canonical form, and version 7 that grows."""

import time
from uuid import UUID

import pytest

from service.identifiers import IdentifierSource, parse_uuid
from tests.e2e.bad_input.values import UUID as CANONICAL
from tests.e2e.bad_input.values import swallowed


def test_the_canonical_form_is_parsed() -> None:
    assert parse_uuid(CANONICAL) == UUID(CANONICAL)


@pytest.mark.parametrize("form", swallowed(), ids=ascii)
def test_no_other_form_is(form: str) -> None:
    assert parse_uuid(form) is None


def test_new_ids_are_of_version_7_and_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = IdentifierSource().new()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_new_ids_grow_however_fast_they_are_made() -> None:
    source = IdentifierSource()
    made = [source.new() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_a_clock_that_steps_back_does_not_turn_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    source, now = IdentifierSource(), time.time_ns()
    first = source.new()
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600_000_000_000)
    assert source.new() > first
