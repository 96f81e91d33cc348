"""In which order rows are answered: neutral values, which a service parses and a repository turns into SQL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SortKey:
    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """By none, one or two columns. Rows without a value come last, in both directions.

    Rows that are alike follow by id, in the direction of the last key; without a key the newest come first (AIP-132).
    """

    keys: tuple[SortKey, ...] = ()
    oldest_first: bool = False  # where there is no key

    @property
    def descending(self) -> bool:
        """The direction of the ids."""
        return self.keys[-1].descending if self.keys else not self.oldest_first


NEWEST_FIRST, OLDEST_FIRST = Order(), Order(oldest_first=True)
