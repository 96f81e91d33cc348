"""`make bench`: measures the service, prints a table, and writes `latest.json` and two plots."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import cpu, importing, isolation, plot, report, round_trips, start_up, throughput
from benchmarks.calls import calls
from benchmarks.figures import Figure, at_most
from benchmarks.load import LoadError
from benchmarks.processes import Running, running
from benchmarks.size import QUICK, WHOLE, Size
from benchmarks.stage import database, free_address, seed, service, token
from persistence.embedded import EmbeddedError

RESULTS = Path(__file__).parent / "results"
_ENDING = """\
exit codes:
  0  measured, and every goal is met
  1  measured, and a goal is missed: the table says which
  2  not measured: a server did not start, or a call was not answered OK"""

Say = Callable[[str], None]


def measure(size: Size, say: Say) -> list[Figure]:
    """Every figure. Raises LoadError, RuntimeError, EmbeddedError."""
    say("starting PostgreSQL")
    with database() as url:
        started = start_up.measure(url, size, say)
        metrics = free_address()
        with service(url, metrics) as server, running("benchmarks.peers.empty") as empty:
            idle = server.resident_mib()
            cast = seed(server.address, token(url))
            per_request = cpu.measure(server, empty, calls(cast, token(url)), size, say)
            with running("benchmarks.peers.fastapi_peer", (url,)) as peer:
                pairs = throughput.pairs(cast, calls(cast, token(url)))
                against = throughput.measure(server, peer, pairs, size, say)
            answered = cpu.answers(metrics)
            memory = _memory(idle, server)
        say("round trips")
        trips = asyncio.run(round_trips.measure(url, calls(cast, token(url))))
        beside = asyncio.run(isolation.measure(url, size, say))
    imported = importing.measure(size, say)
    return [*per_request, *against, *trips, *beside, *answered, *imported, *memory, *started]


def _memory(idle: float, server: Running) -> list[Figure]:
    group = "resident memory"
    return [
        Figure(group, "idle", idle, "MiB", None, at_most(120)),
        Figure(group, "after all calls", server.resident_mib(), "MiB", None, at_most(120)),
    ]


def write(figures: list[Figure], size: str, directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "latest.json").write_text(report.as_json(figures, size))
    for name, group in (("cpu.svg", cpu.GROUP), ("throughput.svg", throughput.GROUP)):
        members = [figure for figure in figures if figure.group == group]
        (directory / name).write_text(plot.bars(members, f"{group} (line: the goal)"))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, epilog=_ENDING, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short round, under a minute: figures are rough")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the directory for the results")
    given = parser.parse_args(arguments)
    if not Path("/proc/self/stat").exists():
        print("Not measured: CPU time is read from /proc, which this system does not have.", file=sys.stderr)
        return 2
    # What was started is ended when `make` is told to end, too.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", file=sys.stderr, flush=True)

    try:
        figures = measure(QUICK if given.quick else WHOLE, say)
    except (LoadError, RuntimeError, EmbeddedError) as error:
        print(f"Not measured: {error}", file=sys.stderr)
        return 2
    write(figures, "quick" if given.quick else "whole", given.output)
    print(report.table(figures))
    missed = sum(figure.met is False for figure in figures)
    print(f"\n{missed} goals missed." if missed else "\nEvery goal is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
