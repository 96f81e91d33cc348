"""A filter into words, one at a time as the parser asks for them, in time linear to its length."""

import re
from dataclasses import dataclass
from enum import Enum

from service.filtering.faults import fault, shown
from service.filtering.strings import read_string

# Each is a run of characters of one class: nothing here ever goes back.
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\s()=!<>:\"'`\\.]*")
_BARE = re.compile(r"[^\s()]*")
_OPERATOR = re.compile(r"(?:[<>!]=|[=<>:])?")
_QUOTES = ("'", '"')
_NEVER_BARE = frozenset("\"'`\\=<>!")


class Kind(Enum):
    OPENING = "("
    CLOSING = ")"
    MINUS = "-"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    OPERATOR = "operator"
    NAME = "name"
    STRING = "string"
    END = "end"


_SIGNS = {"(": Kind.OPENING, ")": Kind.CLOSING, "-": Kind.MINUS}
_KEYWORDS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}


@dataclass(frozen=True, slots=True)
class Token:
    """`position` counts from 1; `path` are the parts of a name, as in metadata.key."""

    kind: Kind
    position: int
    text: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """What stands behind an operator: `pieces` are the literal parts between its wildcards."""

    position: int
    pieces: tuple[str, ...]
    quoted: bool

    @property
    def text(self) -> str:
        """For values in which a `*` has no place: it makes them invalid."""
        return "*".join(self.pieces)

    @property
    def anything(self) -> bool:
        """A `*` alone, which asks for presence."""
        return self.pieces == ("", "")


class Lexer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def token(self) -> Token:
        """The next one where no value is due. Raises InvalidFilter where none begins."""
        start, first = self._begin()
        if not first:
            return Token(Kind.END, start + 1, "")
        if first in _SIGNS:
            return self._taken(_SIGNS[first], start + 1)
        if first in _QUOTES:
            return self._taken(Kind.STRING, read_string(self._text, start)[1])
        if (end := self._end(_OPERATOR, start)) > start:
            return self._taken(Kind.OPERATOR, end)
        return self._name(start)

    def argument(self, operator: str) -> Argument:
        """The value behind `operator`: a string in quotes, or a run up to white space or a parenthesis."""
        start, first = self._begin()
        if first in ("", ")"):
            raise fault(start + 1, f"a value is missing behind `{operator}`")
        if first == "(":
            raise fault(start + 1, f"one value stands behind `{operator}`; write each comparison out")
        return self._quoted(start) if first in _QUOTES else self._bare(start, operator)

    def _quoted(self, start: int) -> Argument:
        pieces, self._place = read_string(self._text, start)
        if self._end(_BARE, self._place) > self._place:
            raise fault(self._place + 1, "white space is missing behind the closing quote")
        return Argument(start + 1, pieces, quoted=True)

    def _bare(self, start: int, operator: str) -> Argument:
        self._place = self._end(_BARE, start)
        word = self._text[start : self._place]
        if word in _KEYWORDS:
            raise fault(start + 1, f'a value is missing behind `{operator}`; the word itself is "{word}", in quotes')
        for place, character in enumerate(word):
            if character in _NEVER_BARE or word[0] == ":":
                raise fault(start + place + 1, f"a value with `{character}` has to stand in quotes")
        return Argument(start + 1, tuple(word.split("*")), quoted=False)

    def _name(self, start: int) -> Token:
        end = self._end(_NAME, start)
        if end == start:
            raise fault(start + 1, f"`{shown(self._text[start])}` begins no field, operator or parenthesis")
        path = [self._text[start:end]]
        while self._text.startswith(".", end):
            key, end = self._key(end + 1)
            path.append(key)
        kind = _KEYWORDS.get(self._text[start:end], Kind.NAME)
        return self._taken(kind, end, tuple(path))

    def _key(self, start: int) -> tuple[str, int]:
        """A part of a name behind a dot, and the place behind it; in quotes and backticks it may have dots itself."""
        if self._text.startswith(_QUOTES, start):
            pieces, end = read_string(self._text, start)
            return "*".join(pieces), end
        if self._text.startswith("`", start):
            closing = self._text.find("`", start + 1)
            if closing < 0:
                raise fault(start + 1, "the key that begins here has no closing `")
            return self._text[start + 1 : closing], closing + 1
        end = self._end(_NAME, start)
        if end == start:
            raise fault(start + 1, "a key is missing behind the dot")
        return self._text[start:end], end

    def _taken(self, kind: Kind, end: int, path: tuple[str, ...] = ()) -> Token:
        start, self._place = self._place, end
        return Token(kind, start + 1, self._text[start:end], path)

    def _begin(self) -> tuple[int, str]:
        """The place of the next character that is not white space, and the character, "" at the end."""
        self._place = self._end(_SPACE, self._place)
        return self._place, self._text[self._place : self._place + 1]

    def _end(self, run: re.Pattern[str], start: int) -> int:
        found = run.match(self._text, start)
        return found.end() if found else start
