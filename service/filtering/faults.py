"""What is wrong with a filter, where, and what was perhaps meant."""

import difflib
from collections.abc import Iterable

from service.errors import InvalidFilter, Violation

_SHOWN = 64  # code points of a caller's word in a message, and those in which a similar one is looked for
_ALIKE = 0.7  # share of what two words have in common: `title` is no slip for `state`


def fault(position: int, description: str) -> InvalidFilter:
    """`position` counts code points from 1; one behind the last is the end of the filter."""
    text = f"at position {position}: {description}"
    message = f"filter {text}" if text.endswith("?") else f"filter {text}."
    return InvalidFilter(message, violations=[Violation("filter", text)], metadata={"position": str(position)})


def shown(word: str) -> str:
    """A word of the caller as a message may hold it: cut, and without what does not print."""
    cut = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..."
    return "".join(character if character.isprintable() else "?" for character in cut)


def similar(word: str, possible: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(word[:_SHOWN], list(possible), n=1, cutoff=_ALIKE)), None)


def listed(words: Iterable[str]) -> str:
    """As in "`a`, `b` and `c`"."""
    *others, last = (f"`{word}`" for word in words)
    return f"{', '.join(others)} and {last}" if others else last
