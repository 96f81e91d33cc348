"""The figures for people and for machines: a table, and JSON with the versions they were measured with."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from benchmarks.figures import Figure

_PACKAGES = ("taxiway", "grpcio", "protobuf", "sqlalchemy", "asyncpg", "pydantic", "uvloop", "fastapi", "uvicorn")
_VERDICTS = {None: "", True: "met", False: "MISSED"}


def table(figures: Iterable[Figure]) -> str:
    """One line a figure: value, baseline, how many times it is, goal, met or missed."""
    lines = []
    for group, members in groupby(figures, lambda figure: figure.group):
        lines += [f"\n{group}", *(_line(figure) for figure in members)]
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    baseline = f"of {_number(figure.baseline)}" if figure.baseline else ""
    ratio = f"{figure.ratio:.2f} x" if figure.ratio else ""
    goal = f"{figure.goal.kind} {figure.goal.bound:g}{' x' if figure.goal.of == 'ratio' else ''}" if figure.goal else ""
    value = f"{_number(figure.value)} {figure.unit}"
    return f"  {figure.name:<46}{value:>16} {baseline:<10}{ratio:>8}  {goal:<15}{_VERDICTS[figure.met]}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def as_json(figures: Iterable[Figure], size: str) -> str:
    """Holds nothing of the machine but its processor: no path, no name."""
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": platform.system()}
    versions = {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}
    taken = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [figure.as_json() for figure in figures]
    written = {"taken": taken, "size": size, "machine": machine, "versions": versions, "figures": rows}
    return json.dumps(written, indent=2) + "\n"


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The model's name; where there is no such file, what Python knows."""
    found = re.search(r"^model name\s*: (.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    return found[1] if found else platform.processor()
