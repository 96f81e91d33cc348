"""The rules of tags: how they are written, and the key under which two spellings are one."""

import re
from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator

from service.fields import BoundedText, tag_key

TAGS = 50  # of one task
LONGEST = 60
DEFAULT_COLOR = "#3B82F6"
_written = BoundedText(1, LONGEST)
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)


class TagWord(NamedTuple):
    """A tag by its key, as tasks have it, and as it was written."""

    key: str
    display_name: str


def tag_word(text: str) -> TagWord:
    """Raises ValueError where neither the text nor its key is of 1 to 60 code points."""
    written = _written(text)
    return TagWord(_key(written), written)


def _key(written: str) -> str:
    key = tag_key(written)
    if not 1 <= len(key) <= LONGEST:
        raise ValueError(f"must have 1 to {LONGEST} code points without case and spare white space too (NFKC)")
    return key


def _with_key(written: str) -> str:
    _key(written)
    return written


def _words(value: Sequence[str]) -> tuple[TagWord, ...]:
    """Each key once, as it is written first, in order of keys. They are counted first: there may be half a million."""
    if len(value) > TAGS:
        raise ValueError(f"must have at most {TAGS} items, not {len(value)}")
    words = [tag_word(text) for text in value]
    first = {word.key: word for word in reversed(words)}
    return tuple(first[key] for key in sorted(first))


def _color(value: str) -> str:
    if not _COLOR.fullmatch(value):
        raise ValueError("must be a colour of the form #RRGGBB, in hexadecimal digits")
    return value.upper()


Tags = Annotated[tuple[TagWord, ...], BeforeValidator(_words)]
DisplayName = Annotated[str, AfterValidator(_written), AfterValidator(_with_key)]
Color = Annotated[str, AfterValidator(_color)]
