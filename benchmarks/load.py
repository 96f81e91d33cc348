"""Drives a load: h2load where it is installed and all bodies are alike, else a client process of our own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.calls import Call
from benchmarks.client import CONNECTIONS, LIMIT, Load, Outcome
from benchmarks.size import IN_FLIGHT

H2LOAD = "h2load"  # of Debian's nghttp2-client
_FINISHED = re.compile(r"finished in ([\d.]+)(us|ms|s),")
_REQUESTS = re.compile(r"(\d+) succeeded, (\d+) failed, (\d+) errored")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


TOLERATED = 0.02  # of the calls may be refused, as when another process has the disk for a moment; the report tells


class LoadError(Exception):
    """A load of which more than TOLERATED was not answered with OK: its figure would mean nothing."""


def over_grpc(address: str, call: Call, count: int) -> Load:
    """That many of these calls, IN_FLIGHT at a time."""
    bodies = [body.hex() for body in call.bodies(count)]
    return Load("grpc", address, call.path, call.token, bodies, count, IN_FLIGHT)


def generator(*, varied: bool) -> str:
    """Which one drives: h2load sends one body again and again, and is there or not."""
    return "client" if varied or shutil.which(H2LOAD) is None else H2LOAD


def drive(load: Load, *, by: str) -> float:
    """Makes the calls and answers the seconds they took. Raises LoadError."""
    try:
        outcome = _by_h2load(load) if by == H2LOAD else _by_client(load)
    except subprocess.TimeoutExpired as late:
        raise LoadError(f"{load.path}: {load.calls} calls took longer than {late.timeout:.0f} seconds") from None
    if outcome.succeeded < load.calls * (1 - TOLERATED):
        raise LoadError(f"{load.path}: {outcome.succeeded} of {load.calls} calls were answered OK")
    return outcome.seconds


def _by_client(load: Load) -> Outcome:
    command = [sys.executable, "-m", "benchmarks.client"]
    done = subprocess.run(
        command, input=json.dumps(asdict(load)), capture_output=True, text=True, check=False, timeout=LIMIT + 10
    )
    if done.returncode:
        raise LoadError(f"the client failed: {done.stderr.strip().splitlines()[-1:]}")
    return Outcome(**json.loads(done.stdout))


def _by_h2load(load: Load) -> Outcome:
    """gRPC's status stands in trailers that h2load does not read: `cpu` asks the service's metrics for refusals."""
    body = bytes.fromhex(load.bodies[0])
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(_framed(body) if load.protocol == "grpc" else body)
        sent = ["-d", file.name] if body or load.protocol == "grpc" else []
        command = [H2LOAD, f"-n{load.calls}", *_connections(load), *sent, f"http://{load.address}{load.path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    finished, requests = _FINISHED.search(done.stdout), _REQUESTS.search(done.stdout)
    if finished is None or requests is None:
        raise LoadError(f"h2load failed: {done.stdout.strip()[-300:]} {done.stderr.strip()[-300:]}")
    seconds = float(finished[1]) * _SECONDS[finished[2]]
    return Outcome(int(requests[1]), int(requests[2]) + int(requests[3]), seconds)


def _framed(body: bytes) -> bytes:
    """A gRPC message: not compressed, its length, itself."""
    return b"\0" + len(body).to_bytes(4, "big") + body


def _connections(load: Load) -> list[str]:
    if load.protocol == "grpc":
        headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"]
        bearer = ["-H", f"authorization: Bearer {load.token}"] if load.token else []
        return [f"-c{CONNECTIONS}", f"-m{load.flight // CONNECTIONS}", *headers, *bearer]
    return ["--h1", f"-c{load.flight}", "-H", "content-type: application/json"]
