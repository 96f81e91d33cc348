"""Bounded text, times and keys without case."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from service.fields import (
    ABSENT,
    EARLIEST,
    LATEST,
    BoundedText,
    OptionalId,
    OptionalInstant,
    caseless,
    composed,
    stream_safe,
)

UUID = "0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"


@pytest.mark.parametrize(
    ("text", "kept"), [("ab", "ab"), ("e\u0301e\u0301e\u0301", "\u00e9\u00e9\u00e9"), ("\U0001f6eb" * 3,) * 2]
)
def test_text_is_counted_in_code_points_after_nfc_and_kept_so(text: str, kept: str) -> None:
    assert BoundedText(2, 3)(text) == kept


@pytest.mark.parametrize("text", ["", "a", "abcd", "a\x00b", "\x00"])
def test_text_out_of_bounds_and_u_0000_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"code points|U\+0000"):
        BoundedText(2, 3)(text)


UNSORTED = "\u0301" * 31 + "\u0316" * 31  # in NFC those below the letter come first


def test_30_marks_in_a_row_are_text_as_any_other_and_a_joiner_ends_longer_runs() -> None:
    """Stream-Safe Text Process of UAX #15; a second time changes nothing."""
    assert stream_safe("a" + "\u0301" * 30 + "b") == "a" + "\u0301" * 30 + "b"
    assert stream_safe(UNSORTED) == "\u0301" * 30 + "\u034f\u0301" + "\u0316" * 29 + "\u034f" + "\u0316" * 2
    for form in (composed, caseless):
        assert form(form(UNSORTED)) == form(UNSORTED)


@pytest.mark.parametrize("form", [composed, caseless, BoundedText(0, 1 << 20)])
def test_marks_without_end_are_normalised_in_linear_time(form: Callable[[str], str]) -> None:
    """In CPU time, with much room: to sort 200,000 marks takes minutes, and runs of 30 of them half a second."""
    began = time.process_time()
    form("\u0301" * 100_000 + "\u0316" * 100_000)
    assert time.process_time() - began < 10


def test_text_beyond_all_bounds_is_not_even_normalised() -> None:
    with pytest.raises(ValueError, match="not 40000"):
        BoundedText(0, 200)("\u0301" * 40_000)


@pytest.mark.parametrize("value", [EARLIEST, LATEST, datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_time_within_the_range_is_kept(value: datetime) -> None:
    assert TypeAdapter(OptionalInstant).validate_python(value) == value


def test_an_unset_time_is_none_and_one_that_no_datetime_holds_is_refused() -> None:
    adapter = TypeAdapter(OptionalInstant)
    assert adapter.validate_python(ABSENT) is None
    for value in (None, EARLIEST - timedelta(microseconds=1), LATEST + timedelta(microseconds=1), "2026-01-01"):
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_an_optional_id_is_canonical_or_not_given() -> None:
    adapter = TypeAdapter(OptionalId)
    assert str(adapter.validate_python(UUID)) == UUID
    assert adapter.validate_python("") is None
    with pytest.raises(ValidationError):
        adapter.validate_python(UUID.upper())


@pytest.mark.parametrize(
    ("one", "other"), [("Ada", "ADA"), ("stra\u00dfe", "STRASSE"), ("caf\u00e9", "CAFE\u0301"), ("\uff21da", "ada")]
)
def test_two_spellings_have_one_key(one: str, other: str) -> None:
    assert caseless(one) == caseless(other)


def test_a_key_is_its_own_key() -> None:
    for text in ("\u0345\u0301", "\u1e9e", "\ufdfa", "\u0130", "\U0001f6eb"):
        assert caseless(caseless(text)) == caseless(text)
