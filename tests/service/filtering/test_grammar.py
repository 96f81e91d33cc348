"""How words become conditions: precedence, white space, quotes and escapes."""

import pytest

from persistence.conditions import Compare, Condition, Every, JsonCompare, Matches, Not, Some
from service.filtering import parse_filter
from service.tasks.filter_fields import TASKS
from tests.service.filtering.reading import read

A, B, C, D = (Compare("title", "=", letter) for letter in "abcd")
LETTERS = {"a": "title=a", "b": "title=b", "c": "title=c", "d": "title=d"}


def spelled(text: str) -> Condition:
    """The filter in which each letter stands for a comparison of the title with it."""
    return read("".join(LETTERS.get(character, character) for character in text))


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u3000"])
def test_a_filter_without_a_word_asks_nothing(text: str) -> None:
    assert parse_filter(text, TASKS) is None


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a", A),
        ("a AND b", Every((A, B))),
        ("a b", Every((A, B))),
        ("a b AND c d", Every((A, B, C, D))),
        ("a OR b", Some((A, B))),
        ("a OR b OR c", Some((A, B, C))),
        ("a AND b OR c", Every((A, Some((B, C))))),
        ("a OR b AND c", Every((Some((A, B)), C))),
        ("a b OR c d", Every((A, Some((B, C)), D))),
        ("a OR b c OR d", Every((Some((A, B)), Some((C, D))))),
        ("(a AND b) OR c", Some((Every((A, B)), C))),
        ("(a b) OR c", Some((Every((A, B)), C))),
        ("a (b OR c)", Every((A, Some((B, C))))),
        ("a AND (b AND c)", Every((A, Every((B, C))))),
        ("((a))", A),
        ("NOT a", Not(A)),
        ("-a", Not(A)),
        ("- a", Not(A)),
        ("NOT a OR b", Some((Not(A), B))),
        ("NOT a b", Every((Not(A), B))),
        ("a -b", Every((A, Not(B)))),
        ("NOT (a OR b)", Not(Some((A, B)))),
        ("-(a b)", Not(Every((A, B)))),
        ("NOT NOT a", Not(Not(A))),
        ("NOT -a", Not(Not(A))),
        ("--a", Not(Not(A))),
        ("NOT(a)OR(b)", Some((Not(A), B))),
        ("(a)(b)", Every((A, B))),
    ],
)
def test_or_binds_tighter_than_and_and_not_tighter_than_both(text: str, condition: Condition) -> None:
    assert spelled(text) == condition


@pytest.mark.parametrize("text", ["title=a", " title = a ", "title\n=\ta", "(title=a)", '( title="a" )', "title='a'"])
def test_white_space_and_quotes_are_free(text: str) -> None:
    assert read(text) == A


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("word", "word"),
        ("a-b.c:d/e,f%g_h", "a-b.c:d/e,f%g_h"),
        ("and", "and"),
        ("2026-01-31", "2026-01-31"),
        ('"two words"', "two words"),
        ("'two words'", "two words"),
        ('""', ""),
        ('"AND"', "AND"),
        ('"null"', "null"),
        ('"(a OR b)"', "(a OR b)"),
        (r'"say \"hi\""', 'say "hi"'),
        ('"it\'s"', "it's"),
        (r"'it\'s'", "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        (r'"back\\slash"', r"back\slash"),
        (r'"\\"', "\\"),
        (r'"\*"', "*"),
        ('"line\nbreak"', "line\nbreak"),
        ("'; DROP TABLE tasks; --'", "; DROP TABLE tasks; --"),
        ('"e\u0301"', "é"),
    ],
)
def test_a_value_is_what_stands_there_in_the_form_in_which_text_is_stored(written: str, value: str) -> None:
    assert read(f"title = {written}") == Compare("title", "=", value)


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("a*", ("a", "")),
        ('"*a"', ("", "a")),
        ('"a*b*c"', ("a", "b", "c")),
        ('"*"', ("", "")),
        ("*", ("", "")),
        (r'"a\**"', ("a*", "")),
        (r'"a\\*"', ("a\\", "")),
        ('"50%_*"', ("50%_", "")),
    ],
)
def test_a_star_stands_for_any_characters_unless_a_backslash_stands_before_it(
    written: str, pattern: tuple[str, ...]
) -> None:
    assert read(f"title = {written}") == Matches("title", pattern)
    assert read(f"title != {written}") == Matches("title", pattern, negated=True)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("metadata.key", ("key",)),
        ("metadata.a.b", ("a", "b")),
        ("metadata.due-date", ("due-date",)),
        ("metadata.AND", ("AND",)),
        ('metadata."a.b"', ("a.b",)),
        ("metadata.'a b'.c", ("a b", "c")),
        ('metadata.`a.b`.`c"d`', ("a.b", 'c"d')),
        (r'metadata."a\"b"', ('a"b',)),
        ('metadata."a*b"', ("a*b",)),
        (r"metadata.`a\b`", (r"a\b",)),
        ('metadata.""', ("",)),
        ("metadata.0", ("0",)),
        ("metadata.e\u0301", ("é",)),
        (f"metadata{'.a' * 16}", ("a",) * 16),
    ],
)
def test_keys_with_dots_stand_in_quotes_or_backticks(name: str, path: tuple[str, ...]) -> None:
    assert read(f"{name} = true") == JsonCompare("metadata", path, "=", True)
