"""A snippet is a piece of the text, of bounded length, and its hits are the words that were found, in code points."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persistence.repositories.task_search import HIT_BEGINS, HIT_ENDS
from service.tasks.snippets import LEFT_OUT, LONGEST, Snippet, snippets

WORD = st.text("ab é😀語", min_size=1, max_size=30)
TEXTS = st.lists(st.tuples(st.sampled_from([True, False, False]), WORD), max_size=120)


def mark(shown: str) -> str:
    """With the marks of the database for `[` and `]`."""
    return shown.replace("[", HIT_BEGINS).replace("]", HIT_ENDS)


def show(snippet: Snippet) -> str:
    """With its hits in `[` and `]`."""
    text = snippet.text
    for start, end in reversed(snippet.hits):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def of(shown: str) -> str:
    (snippet,) = snippets(title=mark(shown))
    return show(snippet)


def test_a_short_text_is_its_own_snippet() -> None:
    assert of("Buy [milk] 🎉 and [Milk]s") == "Buy [milk] 🎉 and [Milk]s"


def test_a_field_without_a_hit_has_none() -> None:
    found = snippets(title=mark("Buy [milk]"), description="and nothing else")
    assert [(each.field, each.hits) for each in found] == [("title", [(4, 8)])]


def test_a_long_text_is_cut_between_words_around_its_first_hit() -> None:
    shown = of("word " * 100 + "[milk] " + "tail " * 100)
    assert shown == f"{LEFT_OUT}{'word ' * 7}[milk]{' tail' * 32}{LEFT_OUT}"


def test_a_piece_with_more_of_the_words_is_preferred() -> None:
    shown = of("[red] " + "word " * 100 + "[red] [red] " + "word " * 100 + "[red] [car] " + "word " * 100)
    assert "[red] [car]" in shown


def test_every_hit_of_a_piece_is_marked_however_many_the_text_has() -> None:
    assert of("[a] " * 5000) == "[a] " * 99 + "[a]" + LEFT_OUT


@pytest.mark.parametrize("before", [0, 39, 1000])
def test_a_hit_longer_than_a_snippet_is_cut(before: int) -> None:
    shown = of(f"{'x' * before}[{'語' * 600}]{'y' * 600}")
    assert len(shown) <= LONGEST + 2 * len(LEFT_OUT) + 2
    assert "[語語" in shown
    assert shown.endswith(f"語]{LEFT_OUT}")


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(TEXTS)
def test_whatever_the_text_the_hits_are_those_of_the_piece(parts: list[tuple[bool, str]]) -> None:
    marked = "".join(f"{HIT_BEGINS}{word}{HIT_ENDS}" if hit else word for hit, word in parts)
    plain, owned = "".join(word for _, word in parts), [hit for hit, word in parts for _ in word]
    found = snippets(description=marked)
    assert bool(found) == any(hit for hit, _ in parts)
    for snippet in found:
        piece = snippet.text.removeprefix(LEFT_OUT).removesuffix(LEFT_OUT)
        before = len(LEFT_OUT) if snippet.text.startswith(LEFT_OUT) else 0
        begin = plain.index(piece)
        assert len(piece) <= LONGEST
        hit = [any(start <= place + before < end for start, end in snippet.hits) for place in range(len(piece))]
        possible = [owned[at : at + len(piece)] for at in range(begin, len(plain)) if plain.startswith(piece, at)]
        assert hit in possible
        assert any(hit)
