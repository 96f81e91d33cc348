"""Filters by chance, each with what it asks said a second time, in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.service.filtering.generated_comparisons import PLAIN, Asked
from tests.service.filtering.generated_metadata import METADATA

Row = Mapping[str, Any]
TERM, CHOICE, CONJUNCTION = range(3)
DEEPEST = 3  # levels of what is built of others: parentheses and NOTs stay below the limit of 8


@dataclass(frozen=True)
class Drawn:
    """A filter, how loosely its outermost parts hang together, and of which rows it holds."""

    text: str
    level: int
    holds: Callable[[Row], bool]


def filters(depth: int = DEEPEST) -> st.SearchStrategy[Drawn]:
    """At most 25 comparisons, so that they and their operators stay below the limit of 50."""
    simple = st.one_of(PLAIN, METADATA).map(_comparison)
    if depth == 0:
        return simple
    parts = filters(depth - 1)
    few = st.lists(parts, min_size=2, max_size=2)
    return st.one_of(
        simple,
        st.tuples(parts, st.sampled_from(["NOT ", "-", "- "])).map(_negation),
        few.map(_choice),
        st.tuples(few, st.sampled_from([" AND ", " ", "\n"])).map(_conjunction),
        parts.map(lambda part: Drawn(f"( {part.text})", TERM, part.holds)),
    )


def _comparison(asked: Asked) -> Drawn:
    return Drawn(asked.text, TERM, asked.holds)


def _negation(drawn: tuple[Drawn, str]) -> Drawn:
    part, word = drawn
    return Drawn(word + _within(part, TERM), TERM, lambda row: not part.holds(row))


def _choice(parts: list[Drawn]) -> Drawn:
    text = " OR ".join(_within(part, CHOICE) for part in parts)
    return Drawn(text, CHOICE, lambda row: any(part.holds(row) for part in parts))


def _conjunction(drawn: tuple[list[Drawn], str]) -> Drawn:
    parts, between = drawn
    text = between.join(_within(part, CONJUNCTION) for part in parts)
    return Drawn(text, CONJUNCTION, lambda row: all(part.holds(row) for part in parts))


def _within(part: Drawn, level: int) -> str:
    return f"({part.text})" if part.level > level else part.text
