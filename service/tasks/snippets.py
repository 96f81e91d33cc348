"""Pieces of text that show where words were found in it: some 200 code points around those that stand together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from persistence.repositories.task_search import HIT_BEGINS, HIT_ENDS

LONGEST = 200  # code points, beside the marks of what was left out
LEFT_OUT = " ... "
_LEAD = 40  # code points before the first hit, so that it is read in its sentence
_BEGINNINGS = 20  # hits of a text that a piece may begin at, and that are counted for it
_GAP = re.compile(r"\s+")

Hit: TypeAlias = tuple[int, int]  # its first code point, and the one behind its last


@dataclass(frozen=True, slots=True)
class Snippet:
    field: str
    text: str
    hits: list[Hit]


def snippets(**marked: str) -> list[Snippet]:
    """Of each field's text, in which HIT_BEGINS and HIT_ENDS stand around the hits, if there are any."""
    texts = ((field, *_unmarked(text)) for field, text in marked.items())
    return [_snippet(field, text, hits) for field, text, hits in texts if hits]


def _unmarked(marked: str) -> tuple[str, list[Hit]]:
    """The text, and as many of its hits as a piece of it can need."""
    text, *pieces = marked.split(HIT_BEGINS, _BEGINNINGS + LONGEST)
    parts, hits, length = [text], [], len(text)
    for piece in pieces:
        word, _, behind = piece.partition(HIT_ENDS)
        behind = behind.replace(HIT_BEGINS, "").replace(HIT_ENDS, "")
        hits.append((length, length + len(word)))
        parts += (word, behind)
        length += len(word) + len(behind)
    return "".join(parts), hits


def _snippet(field: str, text: str, hits: list[Hit]) -> Snippet:
    begin, end = (0, len(text)) if len(text) <= LONGEST else _piece(text, hits)
    before, behind = LEFT_OUT if begin else "", LEFT_OUT if end < len(text) else ""
    shift = len(before) - begin
    inside = [
        (max(first, begin) + shift, min(last, end) + shift) for first, last in hits if first < end and last > begin
    ]
    return Snippet(field, f"{before}{text[begin:end]}{behind}", inside)


def _piece(text: str, hits: list[Hit]) -> tuple[int, int]:
    """From where to where; it is cut between words where they allow it."""
    places = range(min(_BEGINNINGS, len(hits)))
    first, last = hits[max(places, key=lambda place: len(set(_words(text, hits[place : place + _BEGINNINGS]))))]
    begin = 0
    if first > _LEAD:
        gap = _GAP.search(text, first - _LEAD, first)
        begin = gap.end() if gap else first - _LEAD
    end = min(begin + LONGEST, len(text))
    gaps = (gap.start() for gap in _GAP.finditer(text, last, end + 1))
    return begin, end if end == len(text) else max(gaps, default=end)


def _words(text: str, hits: list[Hit]) -> Iterator[str]:
    """Those that a piece has room for that begins with the first of these."""
    return (text[first:last].lower() for first, last in hits if last - hits[0][0] <= LONGEST - _LEAD)
