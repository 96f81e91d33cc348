"""The rules of tags: how they are written, and the key under which two spellings are one."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator

from service.fields import BoundedText, tag_key

TAGS = 50  # of one task
LONGEST = 60
_written = BoundedText(1, LONGEST)


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


Tags = Annotated[tuple[TagWord, ...], BeforeValidator(_words)]
DisplayName = Annotated[str, AfterValidator(_written), AfterValidator(_with_key)]
