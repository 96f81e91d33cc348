"""A fresh clone in an empty directory: `make serve` is the first command, and what is made stays for the second."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest

from taxiway.v1 import task_pb2, task_service_pb2
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from tests.packaging.dockerfile import ROOT
from tests.persistence.embedded_watch import family, living, open_ground, until

SET_UP = 420.0  # seconds for the first start, which makes the environment; a start after it takes seconds
PATIENCE = 60.0
LISTEN = "TAXIWAY_LISTEN"

Metadata = tuple[tuple[str, str], ...]


@pytest.fixture
def clone() -> Iterator[Path]:
    """What is committed and nothing else, where the database's account can enter."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is nothing to clone")
    with open_ground() as ground:
        subprocess.run(["git", "clone", "--quiet", ROOT.as_uri(), str(ground / "clone")], check=True)
        yield ground / "clone"


def environment(address: str) -> dict[str, str]:
    """This process's: a make above this one would lend its options, and a Taxiway above its settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "TAXIWAY_"))}
    return {**kept, LISTEN: address}


@contextmanager
def make_serve(clone: Path, address: str) -> Iterator[None]:
    """`make serve` for as long as the block lasts; then SIGTERM to what make runs, which ends with 0, and so make."""
    command = ["make", "--no-print-directory", "serve"]
    with subprocess.Popen(command, cwd=clone, env=environment(address), stdout=subprocess.PIPE, text=True) as make:
        try:
            assert make.stdout is not None
            assert f"listening on {address}\n" in make.stdout, "it ended and did not listen"
            yield
            _end(make)
        finally:
            make.kill()


def signed_in(clone: Path, address: str) -> Metadata:
    """What a call carries for the first administrator: the token that the start says how to get."""
    command = ["make", "--no-print-directory", "token"]
    made = subprocess.run(command, cwd=clone, env=environment(address), capture_output=True, text=True, check=True)
    return (("authorization", f"Bearer {made.stdout.strip()}"),)


def _end(make: subprocess.Popen[str]) -> None:
    processes = family(make.pid)
    (child,) = Path(f"/proc/{make.pid}/task/{make.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)
    assert make.wait(PATIENCE) == 0
    assert until(lambda: not living(processes), 2)


@pytest.mark.prove
@pytest.mark.timeout(SET_UP + 3 * PATIENCE)
def test_make_serve_sets_a_clone_up_and_the_task_is_there_after_a_restart(clone: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    task = task_pb2.Task(title="Paint the fence")
    with make_serve(clone, address), grpc.insecure_channel(address) as channel:
        request = task_service_pb2.CreateTaskRequest(parent="users/me", task=task)
        made = TaskServiceStub(channel).CreateTask(request, timeout=10, metadata=signed_in(clone, address))
    with make_serve(clone, address), grpc.insecure_channel(address) as channel:
        mine = task_service_pb2.ListTasksRequest(parent="users/me")
        listed = TaskServiceStub(channel).ListTasks(mine, timeout=10, metadata=signed_in(clone, address))
    assert list(listed.tasks) == [made]
