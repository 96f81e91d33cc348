"""The table of a resource: what its filter may name."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.filtering.faults import fault, listed, shown, similar
from service.filtering.kinds import Field, Struct
from service.filtering.lexer import Token

DEEPEST = 16  # keys in each other, as the limits of metadata say


@dataclass(frozen=True, slots=True)
class Fields:
    """Each field by its name in the contract. `words` says what to write in place of a word alone."""

    named: Mapping[str, Field | Struct]
    words: str

    def find(self, name: Token) -> Field | Struct:
        """Raises InvalidFilter with the name that was perhaps meant, else with those that there are."""
        field = self.named.get(name.path[0])
        if field is None:
            raise self._unknown(name)
        if len(name.path) > 1 and isinstance(field, Field):
            raise fault(name.position, f"`{name.path[0]}` has no parts")
        if len(name.path) - 1 > DEEPEST:
            raise fault(name.position, f"there are at most {DEEPEST} keys in each other")
        return field

    def _unknown(self, name: Token) -> Exception:
        unknown = f"unknown field `{shown(name.path[0])}`"
        meant = similar(name.path[0], self.named)
        if meant:
            return fault(name.position, f"{unknown}, did you mean `{meant}`?")
        return fault(name.position, f"{unknown}; the fields are {listed(self.named)}")
