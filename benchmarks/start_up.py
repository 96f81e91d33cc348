"""How long the service takes from the start of its process to `listening on`, and to its first answer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import grpc

from benchmarks.figures import Figure, at_most
from benchmarks.processes import running
from benchmarks.size import Size
from benchmarks.stage import KEY
from taxiway.v1.auth_service_pb2 import GetSigningKeysRequest
from taxiway.v1.auth_service_pb2_grpc import AuthServiceStub

GROUP = "start-up"


def measure(url: str, size: Size, say: Callable[[str], None]) -> list[Figure]:
    """On a database that runs at `url`; and with an embedded one, on a directory that is new and one that is not."""
    say("start-up")
    beside = [_start({"TAXIWAY_DATABASE_URL": url, "TAXIWAY_SECRET_KEY": KEY}) for _ in range(size.starts)]
    with tempfile.TemporaryDirectory(prefix="taxiway-bench-") as directory:
        own = {"TAXIWAY_DATA_DIR": str(Path(directory) / "data")}
        first = _start(own)
        again = [_start(own) for _ in range(size.starts)]
    return [
        Figure(GROUP, "database running, to the first answer", median(a for _, a in beside), "s", None, at_most(2.0)),
        Figure(GROUP, "embedded, again, to `listening on`", median(ready for ready, _ in again), "s"),
        Figure(GROUP, "embedded, again, to the first answer", median(a for _, a in again), "s", None, at_most(2.5)),
        Figure(GROUP, "embedded, the first time, to the first answer", first[1], "s", None, at_most(4.0)),
    ]


def _start(environment: Mapping[str, str]) -> tuple[float, float]:
    """Seconds until it said that it listens, and until it had answered a call, which anybody may make."""
    began = time.perf_counter()
    with running("service", ("serve",), {"TAXIWAY_LISTEN": "127.0.0.1:0", **environment}) as server:
        with grpc.insecure_channel(server.address) as channel:
            AuthServiceStub(channel).GetSigningKeys(GetSigningKeysRequest())
        return server.start_seconds, time.perf_counter() - began
