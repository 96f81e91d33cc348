"""The harness measures what it says: every call gets a figure, faults are no figures. Speed is never asserted."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest

from benchmarks import __main__ as command
from benchmarks import cpu, isolation, plot, report, round_trips
from benchmarks.calls import TASKS, Call, calls
from benchmarks.client import Load
from benchmarks.counting_proxy import Messages
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.load import LoadError, drive
from benchmarks.processes import Running, running
from benchmarks.size import Size
from benchmarks.stage import USERS, Cast, free_address, seed, service, token
from taxiway.v1 import task_service_pb2 as pb
from tests.conftest import Databases

TINY = Size(rounds=1, calls=200, starts=1, warm=0)
FIGURES = [
    Figure(cpu.GROUP, "Get", 300.0, "us", 100.0, at_most(3.0, "ratio")),
    Figure(cpu.GROUP, "Create", 500.0, "us", 100.0, at_most(4.5, "ratio")),
    Figure("throughput, times the FastAPI peer", "Get", 900.0, "calls/s", 500.0, at_least(1.5, "ratio")),
    Figure("resident memory", "idle", 90.0, "MiB"),
]


class Measured:
    """A service under measurement, with its metrics' address and what there is to call for."""

    def __init__(self, stack: ExitStack, url: str) -> None:
        self.url = url
        self.metrics = free_address()
        self.server: Running = stack.enter_context(service(url, self.metrics))
        self.token = token(url)
        self.cast: Cast = seed(self.server.address, self.token)
        self.calls: list[Call] = calls(self.cast, self.token)


@pytest.fixture(scope="module")
async def measured(databases: Databases, migrated_template: str) -> AsyncIterator[Measured]:
    """One for the module: to start and to seed a service takes longer than to measure it."""
    async with databases(template=migrated_template) as url:
        with ExitStack() as stack:
            yield await asyncio.to_thread(Measured, stack, url)


@pytest.mark.prove
async def test_every_call_gets_a_figure_with_its_baseline(measured: Measured) -> None:
    def run() -> list[Figure]:
        with running("benchmarks.peers.empty") as empty:
            return cpu.measure(measured.server, empty, measured.calls, TINY, lambda _text: None)

    found = {figure.name: figure for figure in await asyncio.to_thread(run)}
    assert {call.name for call in measured.calls} <= found.keys()
    assert all(found[call.name].ratio for call in measured.calls)


@pytest.mark.prove
async def test_a_call_that_is_refused_is_no_figure(measured: Measured) -> None:
    made, refused = await asyncio.to_thread(cpu.answers, measured.metrics)
    assert made.value >= USERS
    assert refused.met
    request = pb.GetTaskRequest(name=f"{measured.cast.owner}/tasks/{UUID(int=7)}").SerializeToString()
    for lets_in, code in ((measured.token, "NOT_FOUND"), ("", "UNAUTHENTICATED")):
        load = Load("grpc", measured.server.address, TASKS + "GetTask", lets_in, [request.hex()], 30, 2)
        with pytest.raises(LoadError, match="0 of 30 calls"):
            await asyncio.to_thread(drive, load, by="client")
        with pytest.raises(LoadError, match=code):
            await asyncio.to_thread(cpu.answers, measured.metrics)


@pytest.mark.prove
async def test_round_trips_are_counted_for_each_call(measured: Measured) -> None:
    if "host=" not in measured.url:
        pytest.skip("the proxy speaks to the socket of an embedded server")
    names = {"Get", "Create", "Create with request_id"}
    wanted = [call for call in measured.calls if call.name in names]
    found = {figure.name: figure.value for figure in await round_trips.measure(measured.url, wanted)}
    assert found["Get"] == 1
    assert found["Get"] <= found["Create"] < found["Create with request_id"]


@pytest.mark.prove
async def test_reads_beside_sign_ins_get_a_figure_with_its_baseline(measured: Measured) -> None:
    figure, compared = await isolation.measure(measured.url, TINY, lambda _text: None)
    assert figure.ratio
    assert compared.unit == "calls"


@pytest.mark.parametrize("cut", [1, 2, 5, 7, 1000])
def test_messages_are_counted_wherever_the_stream_is_cut(cut: int) -> None:
    ready, row = b"Z\0\0\0\5I", b"D\0\0\0\x0aZZZZZZ"
    stream = row + ready + row * 3 + ready + b"1\0\0\0\4" + ready
    messages = Messages()
    assert sum(messages.ready(stream[place : place + cut]) for place in range(0, len(stream), cut)) == 3


def test_goals_are_judged_by_ratio_or_value() -> None:
    assert [figure.met for figure in FIGURES] == [True, False, True, None]
    assert Figure("memory", "idle", 121.0, "MiB", None, at_most(120)).met is False
    with pytest.raises(ValueError, match="needs a baseline"):
        _ = Figure("CPU", "Get", 1.0, "us", None, at_most(3.0, "ratio")).met


def test_the_results_are_json_svg_and_a_table_without_a_path(tmp_path: Path) -> None:
    command.write(FIGURES, "tiny", tmp_path)
    text = (tmp_path / "latest.json").read_text()
    written = json.loads(text)
    assert [figure["met"] for figure in written["figures"]] == [True, False, True, None]
    assert written["versions"]["grpcio"]
    assert str(Path.cwd()) not in text
    assert str(tmp_path) not in text
    for name in ("cpu.svg", "throughput.svg"):
        ET.parse(tmp_path / name)  # noqa: S314 - our own file
    assert "MISSED" in report.table(FIGURES)


def test_a_plot_needs_a_ratio() -> None:
    with pytest.raises(ValueError, match="no figure"):
        plot.bars(FIGURES[3:], "memory")
