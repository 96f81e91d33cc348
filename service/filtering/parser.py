"""The grammar, by recursive descent: words in, a tree of conditions out.

filter      = [conjunction]
conjunction = choice {["AND"] choice}
choice      = term {"OR" term}
term        = ("NOT" | "-") term | "(" conjunction ")" | name operator value
"""

from collections.abc import Mapping
from types import MappingProxyType

from persistence.conditions import Condition, Every, Not, Some
from service.errors import InvalidFilter
from service.filtering.comparisons import comparison, takes
from service.filtering.faults import fault, listed, shown
from service.filtering.fields import Fields
from service.filtering.lexer import Kind, Lexer, Token

MOST_BYTES = 2048  # of UTF-8
MOST_NODES = 50  # comparisons, and the operators between and before them
DEEPEST = 8  # parentheses and NOTs in each other
_KEYWORDS: Mapping[str, str] = MappingProxyType(
    {"and": "AND", "&": "AND", "&&": "AND", "or": "OR", "|": "OR", "||": "OR", "not": "NOT"}
)


def parse_filter(text: str, fields: Fields) -> Condition | None:
    """What the filter asks of a row of `fields`; None for one that is empty.

    Raises InvalidFilter at its first fault, with the position in code points from 1.
    """
    _check_characters(text)
    return _Parser(text, fields).parse() if text.strip() else None


def _check_characters(text: str) -> None:
    for place, character in enumerate(text[:MOST_BYTES]):
        if character == "\x00" or "\ud800" <= character <= "\udfff":
            raise fault(place + 1, f"a filter must not contain U+{ord(character):04X}")
    encoded = text.encode(errors="surrogatepass")
    if len(encoded) > MOST_BYTES:
        fitting = len(encoded[:MOST_BYTES].decode(errors="ignore"))
        raise fault(fitting + 1, f"a filter must have at most {MOST_BYTES} bytes of UTF-8, not {len(encoded)}")


class _Parser:
    def __init__(self, text: str, fields: Fields) -> None:
        self._fields = fields
        self._lexer = Lexer(text)
        self._ahead = self._lexer.token()
        self._nodes = 0
        self._depth = 0

    def parse(self) -> Condition:
        condition = self._conjunction()
        if self._ahead.kind is Kind.CLOSING:
            raise fault(self._ahead.position, "no parenthesis is open here")
        return condition

    def _conjunction(self) -> Condition:
        parts = [self._choice()]
        while self._ahead.kind not in (Kind.END, Kind.CLOSING):
            self._count(self._ahead)
            if self._ahead.kind is Kind.AND:
                self._advance()
            parts.append(self._choice())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _choice(self) -> Condition:
        parts = [self._term()]
        while self._ahead.kind is Kind.OR:
            self._count(self._advance())
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _term(self) -> Condition:
        match self._ahead.kind:
            case Kind.NOT | Kind.MINUS:
                return self._negation()
            case Kind.OPENING:
                return self._group()
            case Kind.NAME | Kind.STRING:
                return self._comparison()
        found = f", not `{self._ahead.text}`" if self._ahead.text else ""
        raise fault(self._ahead.position, f"a comparison is due here{found}")

    def _negation(self) -> Condition:
        token = self._advance()
        self._count(token)
        self._deeper(token)
        part = self._term()
        self._depth -= 1
        return Not(part)

    def _group(self) -> Condition:
        opening = self._advance()
        self._deeper(opening)
        condition = self._conjunction()
        if self._ahead.kind is not Kind.CLOSING:
            raise fault(opening.position, "the parenthesis that opens here is never closed")
        self._advance()
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        name = self._advance()
        if name.kind is Kind.STRING or self._ahead.kind is not Kind.OPERATOR:
            raise self._alone(name)
        self._count(name)
        argument = self._lexer.argument(self._ahead.text)
        condition = comparison(self._fields, name, self._ahead, argument)
        self._advance()
        return condition

    def _alone(self, name: Token) -> InvalidFilter:
        """A word without an operator behind it: what was perhaps meant."""
        keyword, field = _KEYWORDS.get(name.text.lower()), self._fields.named.get(name.text)
        if keyword:
            return fault(name.position, f"`{shown(name.text)}` is no operator, did you mean `{keyword}`?")
        if field:
            known = listed(takes(field))
            return fault(name.position, f"`{name.text}` alone is no comparison; it takes {known}")
        return fault(name.position, f"a word alone is no comparison; {self._fields.words}")

    def _advance(self) -> Token:
        """Goes on by one word and answers the one that was ahead."""
        passed, self._ahead = self._ahead, self._lexer.token()
        return passed

    def _count(self, token: Token) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise fault(token.position, f"a filter must have at most {MOST_NODES} comparisons and operators")

    def _deeper(self, token: Token) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise fault(token.position, f"there must be at most {DEEPEST} parentheses and NOTs in each other")
