"""CPU per request of the server process, times an empty `grpc.aio` handler: interleaved rounds, medians."""

from __future__ import annotations

import re
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from statistics import median

from benchmarks.calls import Call
from benchmarks.figures import Figure, at_most
from benchmarks.load import TOLERATED, LoadError, drive, generator, over_grpc
from benchmarks.peers.empty import METHOD, SERVICE
from benchmarks.processes import Running
from benchmarks.size import Size

GROUP = "CPU per request, times the empty handler"
_EMPTY = Call("empty handler", f"/{SERVICE}/{METHOD}", "", lambda _count: [b""], 1.0, 0)
_HANDLED = re.compile(r'grpc_server_handled_total\{.*grpc_code="(\w+)".*\} ([\d.]+)')

Measured = dict[tuple[str, str], list[float]]  # microseconds by (generator, call)


def measure(server: Running, empty: Running, calls: list[Call], size: Size, say: Callable[[str], None]) -> list[Figure]:
    """A figure for each call. Each is judged by the empty handler under the same generator. Raises LoadError."""
    found: Measured = defaultdict(list)
    for number in range(size.rounds + 1):
        say(f"CPU per request, round {number} of {size.rounds}" if number else "CPU per request, warming up")
        for by, call in _round(calls):
            count = int(size.calls * call.share) if number else size.warm
            spent = _per_request(empty if call is _EMPTY else server, call, count, by) if count else 0.0
            if number:
                found[by, call.name].append(spent)
    return [_figure(found, by, call) for by, call in _round(calls)]


def _round(calls: list[Call]) -> list[tuple[str, Call]]:
    """Every call with its generator, and the empty handler once for each generator, in the order they are made."""
    chosen = [(generator(varied=call.varied), call) for call in calls]
    return [(by, _EMPTY) for by in dict.fromkeys(by for by, _ in chosen)] + chosen


def _per_request(server: Running, call: Call, count: int, by: str) -> float:
    """Microseconds."""
    load = over_grpc(server.address, call, count)
    before = server.cpu_seconds()
    drive(load, by=by)
    return (server.cpu_seconds() - before) / count * 1e6


def _figure(found: Measured, by: str, call: Call) -> Figure:
    value = median(found[by, call.name])
    if call is _EMPTY:
        return Figure(GROUP, f"{call.name}, by {by}", value, "us")
    return Figure(GROUP, call.name, value, "us", median(found[by, _EMPTY.name]), at_most(call.goal, "ratio"))


def answers(metrics: str) -> list[Figure]:
    """What the service itself counted, at its address for metrics: all calls, and those not answered with OK.

    Raises LoadError where those are more than TOLERATED.
    """
    with urllib.request.urlopen(f"http://{metrics}/metrics", timeout=5) as answer:
        counted = [(code, int(float(number))) for code, number in _HANDLED.findall(answer.read().decode())]
    made, codes = sum(number for _, number in counted), sorted({code for code, number in counted if number} - {"OK"})
    refused = sum(number for code, number in counted if code != "OK")
    if refused > made * TOLERATED or not made:
        raise LoadError(f"{refused} of {made} calls were answered with {codes}")
    name = f"not OK ({', '.join(codes)})" if codes else "not OK"
    return [Figure("answers", "all", made, "calls"), Figure("answers", name, refused, "calls", None, at_most(0))]
