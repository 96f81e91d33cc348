"""`order_by` is read as AIP-132 writes it, and what is wrong with it is said with what it takes."""

from contextlib import suppress
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.ordering import NEWEST_FIRST, Order, SortKey
from service.errors import InvalidArgument
from service.ordering import LONGEST, parse_order

FIELDS = ("create_time", "update_time", "due_time", "priority", "title")
COLUMNS = ("created_at", "updated_at", "due_at", "priority", "title")
COLUMN_OF = dict(zip(FIELDS, COLUMNS, strict=True))
DIRECTIONS = {"": False, " asc": False, " desc": True}


def refusal(text: str) -> str:
    with pytest.raises(InvalidArgument) as refused:
        parse_order(text, FIELDS)
    (violation,) = refused.value.violations
    assert violation.field == "order_by"
    assert refused.value.message == f"order_by {violation.description}."
    return violation.description


@pytest.mark.parametrize("text", ["", " ", "   "])
def test_nothing_is_the_default_order(text: str) -> None:
    assert parse_order(text, FIELDS) == NEWEST_FIRST


@pytest.mark.parametrize(("field", "direction"), list(product(FIELDS, DIRECTIONS)))
def test_a_field_is_sorted_by_in_the_direction_that_follows_it(field: str, direction: str) -> None:
    assert parse_order(field + direction, FIELDS) == Order((SortKey(COLUMN_OF[field], DIRECTIONS[direction]),))


@pytest.mark.parametrize(("first", "second"), list(permutations(FIELDS, 2)))
def test_two_fields_are_sorted_by_each_in_its_own_direction(first: str, second: str) -> None:
    for one, other in product(DIRECTIONS, repeat=2):
        keys = (SortKey(COLUMN_OF[first], DIRECTIONS[one]), SortKey(COLUMN_OF[second], DIRECTIONS[other]))
        assert parse_order(f"{first}{one}, {second}{other}", FIELDS) == Order(keys)


@pytest.mark.parametrize("text", ["due_time desc,title", "  due_time   desc  ,  title  ", "due_time desc, title asc"])
def test_spaces_and_asc_change_nothing(text: str) -> None:
    assert parse_order(text, FIELDS) == parse_order("due_time desc, title", FIELDS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("titel", "cannot sort by `titel` (did you mean `title`?); it takes create_time, update_time, due_time,"),
        ("due_at desc", "cannot sort by `due_at` (did you mean `due_time`?)"),
        ("Title", "cannot sort by `Title` (did you mean `title`?)"),
        ("state", "cannot sort by `state`"),
        ("title.x", "cannot sort by `title.x`"),
        ("-title", "cannot sort by `-title`"),
        ("t\u00eftle", "cannot sort by `t?tle`"),
        ("title\x00", "cannot sort by `title\x00`"),
        ("title DESC", "has the direction `DESC` for `title`; it takes `asc` and `desc`"),
        ("title down", "has the direction `down` for `title`"),
        ("title title", "has the direction `title` for `title`"),
        ("title, title desc", "must have each field once"),
        ("title,", "must be fields separated by commas"),
        (",", "must be fields separated by commas"),
        ("title desc priority", "must be fields separated by commas"),
        ("title, priority, due_time", "must have at most 2 fields, not 3"),
        ("," * LONGEST, "must have at most 2 fields, not 201"),
        (" " * LONGEST + "title", f"must have at most {LONGEST} characters, not 205"),
    ],
)
def test_a_fault_is_named(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


def test_a_name_of_any_length_is_shown_in_part_only() -> None:
    assert f"`{'x' * 64}`" in refusal("x" * LONGEST)


@given(st.text(st.sampled_from("due_time scpriority,\x00\n\u00e4-DA"), max_size=40) | st.text(max_size=300))
def test_any_text_is_an_order_or_a_fault(text: str) -> None:
    with suppress(InvalidArgument):
        assert {key.column for key in parse_order(text, FIELDS).keys} <= {*COLUMNS}
