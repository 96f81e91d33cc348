"""Pages of lists: what is asked of one, and what it answers. Keysets, never offsets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from persistence.conditions import Condition
from persistence.ordering import NEWEST_FIRST, Order

# The values of a row's sort columns, and of what tells it from all others: its id, across owners the owner's behind it.
Position: TypeAlias = tuple[datetime | str | UUID | None, ...]


@dataclass(frozen=True, slots=True)
class PageQuery:
    """At most `limit` rows behind `position` of which the condition holds; with `deleted` deleted ones too."""

    limit: int
    order: Order = NEWEST_FIRST
    position: Position | None = None
    deleted: bool = False
    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """`stopped`: where the search for more was given up for now, though rows may follow; else None."""

    rows: Sequence[Any]
    stopped: Position | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many rows a page may look at where no index tells those that it answers.

    `probed` of the `examined` are those that are found by a part of the condition, whatever their order. What is left
    to 10,000 is for rows that PostgreSQL reads ahead, to sort those that are alike in the first key.
    """

    examined: int = 9_500
    probed: int = 5_000
