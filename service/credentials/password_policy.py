"""Which passwords may be chosen (NIST SP 800-63B-4, section 3.1.1.2): long ones that are not guessed early."""

from __future__ import annotations

import gzip
import string
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

from service.fields import caseless

SHORTEST, LONGEST = 15, 1024  # bytes of UTF-8; 15 as long as no second factor is asked for
_SHORTEST_PART = 3  # code points; a shorter name is in too many words by chance, and counts as a word alone
_SHORTEST_WORD = 4  # code points of a common password that counts in a chain of them
_LONGEST_WORD = 20  # the longest in the list of common passwords
_ENOUGH = 36  # bits: fewer would be among the first guesses of anybody who combines common passwords
_FILLING = frozenset(string.digits + string.punctuation + " ")
_FILLING_BITS = 3  # of each character between words, unless it repeats the one before it

# Each goes round: after the last comes the first. Rows of the keyboard, in English, German and French, its columns.
_ROWS = (
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "1234567890qwertzuiopasdfghjklyxcvbnm",
    "1234567890azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()",
)


def fault(password: str, *, username: str, email: str | None) -> str | None:
    """Why this may not be the password of that account, as in `must ...`; None where it may.

    There is no rule on kinds of characters, and nothing is trimmed or replaced in what is then hashed.
    """
    if "\x00" in password:
        return "must not contain U+0000"
    size = len(password.encode())
    if not SHORTEST <= size <= LONGEST:
        return f"must have {SHORTEST} to {LONGEST} bytes of UTF-8, not {size}"
    text = caseless(password)
    if _repeats(text) or _follows_rows(text) or _is_made_of_common_ones(text):
        return "must not be a common password, or be made of common ones, of a repetition or of neighbouring keys"
    if any(_has(text, name) for name in (caseless(username), caseless(email or "").rpartition("@")[0])):
        return "must not contain the user name, or the part of the mail address before the @"
    return None


def _has(text: str, name: str) -> bool:
    """Whether the name is in the text; one of a letter or two only as a word of its own."""
    if len(name) >= _SHORTEST_PART:
        return name in text
    return bool(name) and name in "".join(c if c.isalnum() else " " for c in text).split()


def _repeats(text: str) -> bool:
    """Whether it is a unit, too short to be a password itself, again and again; the last time may be cut off."""
    content = text.encode()
    periods = range(1, min(SHORTEST - 1, len(content) // 2) + 1)
    return any(content.startswith(content[period:]) for period in periods)


def _follows_rows(text: str) -> bool:
    """Whether each character is beside the one before it, in either direction, or the same."""
    steps = _steps()
    return all(before == after or before + after in steps for before, after in pairwise(text))


@lru_cache(maxsize=1)
def _steps() -> frozenset[str]:
    steps = {before + after for row in _ROWS for before, after in pairwise(row + row[0])}
    return frozenset(steps | {step[::-1] for step in steps})


def _is_made_of_common_ones(text: str) -> bool:
    """Whether common passwords, digits and punctuation make up the whole of it, in a way that is soon guessed.

    A common password counts as many bits as its place in the list has. Four words that are not among the first
    thousands are thereby no fault, though each of them is in the list: a passphrase is what we want.
    """
    bits = [0, *[_ENOUGH] * len(text)]  # of the cheapest way to each place
    for start in range(len(text)):
        if bits[start] < _ENOUGH:
            for end, more in _pieces(text, start):
                bits[end] = min(bits[end], bits[start] + more)
    return bits[-1] < _ENOUGH


def _pieces(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where each piece that may stand at `start` ends, and its bits."""
    if text[start] in _FILLING:
        yield start + 1, 0 if text[start - 1 : start] == text[start] else _FILLING_BITS
    ranks = _ranks()
    for end in range(start + _SHORTEST_WORD, min(start + _LONGEST_WORD, len(text)) + 1):
        rank = ranks.get(text[start:end])
        if rank is not None:
            yield end, rank.bit_length()


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    """The 30,000 most common passwords of 4 to 20 characters, in lower case, with their places: the commonest is 1.

    The list is `passwords` of zxcvbn (MIT License, (c) 2012-2016 Dan Wheeler and Dropbox, Inc.), as PyPI's
    zxcvbn 4.5.0 (MIT License, (c) 2016 Daniel Wolf) ships it; common_passwords.LICENSE has the terms.
    """
    packed = files("service.credentials").joinpath("common_passwords.txt.gz").read_bytes()
    return {word: rank for rank, word in enumerate(gzip.decompress(packed).decode().split("\n"), start=1)}
