"""A figure: what was measured, beside its baseline of the same run and its goal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound of design goals: on the value itself, or on how many times the baseline it is."""

    kind: Literal["at most", "at least"]
    bound: float
    of: Literal["value", "ratio"]


def at_most(bound: float, of: Literal["value", "ratio"] = "value") -> Goal:
    return Goal("at most", bound, of)


def at_least(bound: float, of: Literal["value", "ratio"] = "value") -> Goal:
    return Goal("at least", bound, of)


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` and `baseline` are in `unit`; `met` is None where there is no goal."""

    group: str
    name: str
    value: float
    unit: str
    baseline: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        judged = self.ratio if self.goal.of == "ratio" else self.value
        if judged is None:
            raise ValueError(f"{self.group}, {self.name}: a goal of the ratio needs a baseline")
        return judged <= self.goal.bound if self.goal.kind == "at most" else judged >= self.goal.bound

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "met": self.met}
