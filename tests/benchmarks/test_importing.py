"""The figures of an import: of whose CPU they are, and that one which is refused is no figure."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import importing
from benchmarks.size import Size

BURN = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(flush=True)\nsys.stdin.read()"
PARENT = f"""
import subprocess, sys
with subprocess.Popen([sys.executable, "-c", {BURN!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
    child.stdout.readline()
    print(flush=True)
    sys.stdin.readline()
    child.stdin.close()
print(flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="CPU time is read from /proc")
def test_the_cpu_of_a_database_is_that_of_all_its_processes_those_that_have_ended_with_them() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in ("the child works", "the child has ended"):
            process.stdout.readline()
            assert importing.cpu_of_all(process.pid) >= 0.25
            process.stdin.write(b"\n")
            process.stdin.flush()


@pytest.mark.prove
def test_an_import_gets_its_figures() -> None:
    figures = importing.measure(Size(rounds=1, calls=40, starts=1, warm=0), lambda _text: None)
    found = {figure.name: figure.value for figure in figures}
    assert found["rows for a second of one core"] > 0
    assert found["memory after 2,000 rows more"] < 200
