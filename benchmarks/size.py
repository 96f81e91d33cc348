"""How much is measured: the whole run, the quick one, and the tiny one of the tests."""

from __future__ import annotations

from dataclasses import dataclass

IN_FLIGHT = 32  # calls under way at a time


@dataclass(frozen=True, slots=True)
class Size:
    """`rounds` of `calls` each (fewer where an answer is large), after `warm` that do not count; `starts` of it."""

    rounds: int
    calls: int
    starts: int
    warm: int


WHOLE = Size(rounds=5, calls=2000, starts=3, warm=200)  # under 5 minutes on two cores
QUICK = Size(rounds=1, calls=800, starts=1, warm=50)  # under a minute
