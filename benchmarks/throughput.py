"""Throughput against the FastAPI peer on the same database: one process each, by turns, medians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.calls import Call
from benchmarks.client import Load
from benchmarks.figures import Figure, at_least
from benchmarks.load import drive, generator, over_grpc
from benchmarks.processes import Running
from benchmarks.size import IN_FLIGHT, Size
from benchmarks.stage import Cast, draft

GROUP = "throughput, times the FastAPI peer"


@dataclass(frozen=True, slots=True)
class Pair:
    """One of our calls and the peer's request for the same; `goal` is how many times as fast ours is."""

    call: Call
    path: str
    body: bytes
    goal: float


def pairs(cast: Cast, calls: list[Call]) -> list[Pair]:
    named = {call.name: call for call in calls}
    task = draft()
    written = f'{{"title": "{task.title}", "description": "{task.description}", "priority": "HIGH"}}'
    return [
        Pair(named["Get"], f"/{cast.tasks[0]}", b"", 1.5),
        Pair(named["Create"], f"/{cast.maker}/tasks", written.encode(), 1.7),
        Pair(named["List of 50"], f"/{cast.owner}/tasks?page_size=50", b"", 1.5),
    ]


def measure(server: Running, peer: Running, wanted: list[Pair], size: Size, say: Callable[[str], None]) -> list[Figure]:
    """Calls per second, IN_FLIGHT callers at a time. Raises LoadError."""
    by = generator(varied=False)
    ours: dict[str, list[float]] = {pair.call.name: [] for pair in wanted}
    theirs: dict[str, list[float]] = {pair.call.name: [] for pair in wanted}
    for number in range(size.rounds):
        say(f"throughput against FastAPI, round {number + 1} of {size.rounds}")
        for pair in wanted:
            count, name = int(size.calls * pair.call.share), pair.call.name
            ours[name].append(count / drive(over_grpc(server.address, pair.call, count), by=by))
            over_http = Load("http", peer.address, pair.path, "", [pair.body.hex()], count, IN_FLIGHT)
            theirs[name].append(count / drive(over_http, by=by))
    return [_figure(pair, median(ours[pair.call.name]), median(theirs[pair.call.name])) for pair in wanted]


def _figure(pair: Pair, ours: float, theirs: float) -> Figure:
    return Figure(GROUP, pair.call.name, ours, "calls/s", theirs, at_least(pair.goal, "ratio"))
