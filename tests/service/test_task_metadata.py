"""The rules of a task's metadata: what is kept, and where the bounds are."""

import json
import math
import time
from typing import Any

import pytest
from google.protobuf.struct_pb2 import ListValue, Struct, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import InvalidArgument
from service.tasks.metadata import BYTES, LEVELS, VALUES, bounded, require_bounded
from service.tasks.struct_values import from_fields

MOST = 1.7976931348623157e308  # the greatest double
LEAST = 5e-324  # the least above zero
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def nested(levels: int, kind: str) -> dict[str, Any]:
    """Objects or lists inside of each other; the metadata itself is the first level."""
    inner: Any = {} if kind == "object" else []
    for _ in range(levels - 2):
        inner = {"k": inner} if kind == "object" else [inner]
    return {"k": inner}


def of_bytes(size: int) -> dict[str, Any]:
    return {"k": "x" * (size - len('{"k":""}'))}


@pytest.mark.parametrize(
    "value", [None, True, False, 0, 1.5, -3, "text", "", [], {}, [None, {}, [[]]], {"": {"": None}}]
)
def test_every_kind_of_value_is_kept(value: object) -> None:
    kept = bounded({"k": value})
    assert kept == {"k": value}
    assert type(kept["k"]) is type(value)


def test_whole_numbers_are_kept_as_integers_and_all_others_as_doubles() -> None:
    for number in (0.0, -0.0, 1.0, -3.0, 2.0**53 - 1):
        assert isinstance(bounded({"k": number})["k"], int)
    for number in (2.0**53, 1e308, MOST, LEAST, -LEAST, 0.1):
        kept = bounded({"k": number})["k"]
        assert (isinstance(kept, float), kept) == (True, number)


def test_text_is_kept_in_nfc_in_keys_and_values_at_any_depth() -> None:
    assert bounded({"e\u0301": [{"e\u0301": "e\u0301"}]}) == {"\u00e9": [{"\u00e9": "\u00e9"}]}


@pytest.mark.parametrize("kind", ["object", "list"])
def test_sixteen_levels_and_not_seventeen(kind: str) -> None:
    assert bounded(nested(LEVELS, kind)) == nested(LEVELS, kind)
    for levels in (LEVELS + 1, 5000):
        with pytest.raises(ValueError, match="at most 16 levels"):
            bounded(nested(levels, kind))


def test_a_thousand_values_and_not_one_more_wherever_they_are() -> None:
    flat = {str(number): None for number in range(VALUES)}
    lists = {"k": [[0] * (VALUES - 2)]}  # the lists are values too
    for most in (flat, lists):
        assert len(bounded(most)) == len(most)
    for more in ({**flat, "more": None}, {"k": [[0] * (VALUES - 1)]}):
        with pytest.raises(ValueError, match="at most 1000 values"):
            bounded(more)


def test_sixteen_kib_of_json_in_utf_8_and_not_one_byte_more() -> None:
    assert bounded(of_bytes(BYTES)) == of_bytes(BYTES)
    assert bounded({"k": "\u00e9" * ((BYTES - 8) // 2)})
    for more in (of_bytes(BYTES + 1), {"k": "\u00e9" * ((BYTES - 6) // 2)}, {"\u00e9" * (BYTES // 2): None}):
        with pytest.raises(ValueError, match="at most 16384 bytes as JSON"):
            bounded(more)


@pytest.mark.parametrize("number", [1e308, LEAST, -LEAST])
def test_numbers_count_as_the_database_writes_them_out(number: float) -> None:
    """They are short as JSON, and hundreds of digits where they are kept and read."""
    assert bounded({"k": [number] * 10}) == {"k": [number] * 10}
    with pytest.raises(ValueError, match="without exponent"):
        bounded({"k": [number] * (VALUES - 1)})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    for values in ({"k": number}, {"k": [{"k": [number]}]}):
        with pytest.raises(ValueError, match="NaN or infinity"):
            bounded(values)


@pytest.mark.parametrize("values", [{"a\x00": 1}, {"k": "\x00"}, {"k": [{"\x00": None}]}, {"k": [["\x00b"]]}], ids=repr)
def test_u_0000_is_refused_in_keys_and_values(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"U\+0000"):
        bounded(values)


@pytest.mark.parametrize("depth", [1, 3])
def test_keys_that_are_one_text_in_nfc_are_refused(depth: int) -> None:
    """Which of the values should stay?"""
    values: dict[str, Any] = {"e\u0301": 1, "\u00e9": 2}
    for _ in range(depth - 1):
        values = {"k": values}
    with pytest.raises(ValueError, match="two keys"):
        bounded(values)
    assert len(bounded({"K": 1, "k": 2})) == 2, "case is no matter of NFC"


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_what_is_kept_stays_as_it_is_when_it_comes_back(values: dict[str, Any]) -> None:
    """Through Protobuf and through JSON as PostgreSQL writes it, so that writing it again changes nothing."""
    try:
        kept = bounded(values)
    except ValueError:
        return
    message = Struct()
    message.update(kept)
    assert bounded(from_fields(message.fields, VALUES)) == kept
    require_bounded(json.loads(json.dumps(kept)))
    assert bounded(json.loads(json.dumps(kept))) == kept


def test_numbers_that_the_database_wrote_out_are_those_that_were_given() -> None:
    """PostgreSQL answers 1e308 with 309 digits, which Python reads as an integer."""
    as_read = {"k": [10**308] * 10}
    require_bounded(as_read)
    assert bounded(as_read) == {"k": [1e308] * 10}


def test_what_is_merged_is_refused_by_the_field_that_it_is_in() -> None:
    with pytest.raises(InvalidArgument) as caught:
        require_bounded(of_bytes(BYTES + 1))
    (violation,) = caught.value.violations
    assert violation.field == "task.metadata"
    assert "together with" in violation.description


def test_a_message_full_of_values_is_refused_before_it_holds_the_loop_for_long() -> None:
    """1 MiB holds half a million of the smallest values."""
    many = Value(list_value=ListValue(values=[Value()] * (1 << 19)))
    assert many.ByteSize() <= (1 << 20) + 8
    began = time.process_time()
    with pytest.raises(ValueError, match="at most 1000 values"):
        bounded(from_fields({"k": many}, VALUES))
    assert time.process_time() - began < 0.25
