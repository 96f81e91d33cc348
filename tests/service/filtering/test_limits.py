"""The limits of a filter: bytes, comparisons and operators, depth; and what is hostile stays within them."""

import inspect
import sys

import pytest

from tests.service.filtering.reading import is_read, refused

NODES = "a filter must have at most 50 comparisons and operators"
DEPTH = "there must be at most 8 parentheses and NOTs in each other"


def test_2048_bytes_are_read_and_one_more_is_refused_where_it_begins() -> None:
    assert is_read(f'title = "{"é" * 1019}"')
    assert refused(f'title = "{"é" * 1019}" ') == "1030: a filter must have at most 2048 bytes of UTF-8, not 2049"
    assert refused(f'title = "x{"é" * 1019}"') == "1030: a filter must have at most 2048 bytes of UTF-8, not 2049"
    assert refused(" " * 1_000_000) == "2049: a filter must have at most 2048 bytes of UTF-8, not 1000000"
    assert refused("\ud800" * 3000) == "1: a filter must not contain U+D800"
    assert refused("a" * 3000 + "\ud800").startswith("2049: a filter must have at most 2048 bytes")


@pytest.mark.parametrize("between", [" AND ", " ", " OR "])
def test_50_comparisons_and_operators_are_read(between: str) -> None:
    """25 comparisons stand for 49 of them; of the 26th there is the operator before it, and no more."""
    assert is_read(between.join(["title=a"] * 25))
    assert is_read(f"-{between.join(['title=a'] * 25)}")
    place = len(between.join(["title=a"] * 25) + between) + 1
    assert refused(between.join(["title=a"] * 26)) == f"{place}: {NODES}"
    assert refused(f"--{between.join(['title=a'] * 25)}") == f"{place - len(between) + 2 - 7}: {NODES}"


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("NOT ", ""), ("-", ""), ("-(", ")")])
def test_8_parentheses_and_nots_in_each_other_are_read(opening: str, closing: str) -> None:
    levels = 8 // len(opening.strip().replace("NOT", "N"))
    assert is_read(opening * levels + "title=a" + closing * levels)
    over = opening * (levels + 1) + "title=a" + closing * (levels + 1)
    assert refused(over) == f"{len(opening) * levels + 1}: {DEPTH}"
    assert is_read(" ".join([opening * levels + "title=a" + closing * levels] * 3))


def test_keys_are_at_most_16_deep() -> None:
    assert refused(f"metadata{'.a' * 17} = 1") == "1: there are at most 16 keys in each other"


@pytest.mark.parametrize("character", ["\x00", "\ud800"])
def test_what_no_text_of_the_database_holds_is_refused_where_it_stands(character: str) -> None:
    for text in (f'title = "a{character}"', f"title={'a' * 3}{character}"):
        place = text.index(character) + 1
        assert refused(text) == f"{place}: a filter must not contain U+{ord(character):04X}"


@pytest.mark.parametrize("piece", ["(", ")", "-", "NOT ", '"', "'", "\\", "`", "a.", "*", "=", "title=", "\u0301", "ﷺ"])
def test_2_kib_of_one_thing_are_no_filter_and_never_a_deep_stack(piece: str) -> None:
    depth = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 80)
    try:
        assert not is_read(piece * (2048 // len(piece.encode())))
        assert is_read(f"title = '{piece * (2000 // len(piece.encode()))}'") != (piece == "'")
    finally:
        sys.setrecursionlimit(depth)
