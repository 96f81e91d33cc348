"""How tags are written, and when two spellings are one tag."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.fields import tag_key
from service.tasks.tag_fields import LONGEST, TAGS, TagWord, tag_word
from service.tasks.tag_fields import Tags as TagList

Tags: TypeAdapter[tuple[TagWord, ...]] = TypeAdapter(TagList)
WIDE = "\ufdfa"  # one code point whose NFKC form has eighteen


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Work", "work"),
        ("  at \t home\n", "at home"),
        ("STRASSE", "strasse"),
        ("stra\u00dfe", "strasse"),
        ("CAFE\u0301", "caf\u00e9"),
        ("\uff21da", "ada"),
        ("a\u00a0b\u2003c", "a b c"),
        ("#1 \U0001f6eb", "#1 \U0001f6eb"),
        ("\u03a3\u03c2", "\u03c3\u03c3"),
    ],
)
def test_a_tag_is_known_by_its_key_and_keeps_how_it_was_written(written: str, key: str) -> None:
    assert tag_word(written).key == key
    assert tag_word(key).key == key
    assert tag_key(tag_word(written).display_name) == key


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "a\x00b", "x" * (LONGEST + 1), WIDE * 4])
def test_a_tag_without_a_word_or_of_too_many_code_points_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"code points|U\+0000"):
        tag_word(text)


def test_sixty_code_points_and_not_one_more() -> None:
    """Of what is written as of the key: the white space around it counts too."""
    assert tag_word("x" * LONGEST).key == "x" * LONGEST
    assert tag_word(f" {'x' * (LONGEST - 1)}").key == "x" * (LONGEST - 1)
    assert tag_word(WIDE * 3).key == tag_key(WIDE * 3)
    for more in (f" {'x' * LONGEST}", "\u00df" * (LONGEST // 2 + 1)):
        with pytest.raises(ValueError, match="code points"):
            tag_word(more)


def test_tags_come_once_each_in_order_as_the_first_of_them_is_written() -> None:
    words = Tags.validate_python(["work", "At  home", "WORK", "at home", "\U0001f6eb", "Zoo", "\u00e9"])
    assert words == (
        TagWord("at home", "At  home"),
        TagWord("work", "work"),
        TagWord("zoo", "Zoo"),
        TagWord("\u00e9", "\u00e9"),
        TagWord("\U0001f6eb", "\U0001f6eb"),
    )


def test_the_order_of_keys_is_that_of_the_database() -> None:
    """Code points, as COLLATE "C" has it in UTF-8: not UTF-16, not a language."""
    keys = [word.key for word in Tags.validate_python(["\U0001f6eb", "\uffee", "b", "a b", "ab", "\u00e4"])]
    assert keys == sorted(keys, key=lambda key: key.encode())


def test_fifty_tags_and_not_one_more_counted_before_any_is_looked_at() -> None:
    assert len(Tags.validate_python([str(number) for number in range(TAGS)])) == TAGS
    for many in (["same"] * (TAGS + 1), ["\x00" * 100] * 500_000):
        began = time.process_time()
        with pytest.raises(ValidationError) as caught:
            Tags.validate_python(many)
        assert time.process_time() - began < 0.1
        (fault,) = caught.value.errors(include_input=False)
        assert "at most 50 items" in fault["msg"]


@settings(max_examples=50)
@given(st.text(max_size=8))
def test_a_key_is_its_own_key(text: str) -> None:
    assert tag_key(tag_key(text)) == tag_key(text)
