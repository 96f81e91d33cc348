"""The embedded database never outlives its parent, and no way to end leaves a directory that cannot start again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedError, attach, start
from persistence.embedded.account import account_for
from persistence.embedded.binaries import find_binaries
from tests.persistence.embedded_parent import launched, run_program, serving
from tests.persistence.embedded_watch import family, living, open_ground, until, value

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no signal tells of a parent's death")


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """One for all tests here: each starts on the cluster that the one before it has left."""
    with open_ground() as place:
        yield place


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda end: end.name)
def test_a_parent_that_is_killed_leaves_no_process_and_can_be_started_again(ground: Path, end: signal.Signals) -> None:
    with serving(ground / "data", ground / "state") as parent:
        processes = family(parent.pid)
        assert len(processes) > 3
        parent.process.send_signal(end)
        assert until(lambda: not living(processes), 2)
    assert "database system is shut down" in (ground / "data" / "postgres.log").read_text()
    assert attach(ground / "data") is None
    with start(ground / "data", durable=False, state_directory=ground / "state") as again:
        assert value(again.url, "SELECT 1") == 1


def test_a_start_right_after_the_kill_waits_for_the_old_server(ground: Path) -> None:
    with serving(ground / "data", ground / "state") as parent:
        parent.process.kill()
        parent.process.wait()
        with start(ground / "data", durable=False, state_directory=ground / "state") as again:
            assert value(again.url, "SELECT 1") == 1


def test_a_parent_that_exits_without_stopping_it_leaves_no_process(ground: Path) -> None:
    program = """
import sys
from pathlib import Path
from persistence.embedded import start
print(start(Path(sys.argv[1]), durable=False, state_directory=Path(sys.argv[2])).pid)
"""
    ended = run_program(program, ground / "data", ground / "state")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert living({int(ended.stdout)}) == set()


def test_ctrl_c_at_the_terminal_does_not_reach_it(ground: Path) -> None:
    """The terminal signals the processes of its session."""
    with serving(ground / "data", ground / "state") as parent:
        assert os.getsid(parent.process.pid) == os.getsid(0)
        assert {os.getsid(pid) for pid in family(parent.pid)}.isdisjoint({os.getsid(0)})


def test_a_child_whose_parent_died_before_it_could_ask_for_the_signal_ends() -> None:
    """Made in one process and run in a child of another: the parent is not the one that it should be."""
    program = """
import os, subprocess, sys
from persistence.embedded.process import _bound_to_this_process
bind = _bound_to_this_process()
if (other := os.fork()) == 0:
    os._exit(subprocess.run(["/bin/true"], preexec_fn=bind).returncode)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]))
"""
    assert run_program(program).returncode == 1


def test_a_kill_in_the_middle_of_initdb_costs_nothing(ground: Path) -> None:
    unfinished = ground / "killed" / "postgres.new"
    with launched(ground / "killed", ground / "state") as process:
        assert until((unfinished / "global" / "pg_control").exists, 20)
        processes = family(process.pid)
        process.kill()
        assert until(lambda: not living(processes), 5)
    assert not (ground / "killed" / "postgres").exists()
    with start(ground / "killed", durable=False, state_directory=ground / "state") as database:
        assert value(database.url, "SELECT current_database()") == "taxiway"
    assert not unfinished.exists()


def test_a_process_that_is_none_of_ours_is_neither_believed_nor_harmed(ground: Path) -> None:
    """The process id in a left-over postmaster.pid belongs to somebody else of the same account by now."""
    database = start(ground / "data", durable=False, state_directory=ground / "state")
    processes = family(database.pid)
    os.kill(database.pid, signal.SIGKILL)
    assert until(lambda: not living(processes), 5)
    database.stop()
    account = account_for(database.data_directory)
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=account.uid, group=account.gid) as stranger:
        left_over = database.data_directory / "postmaster.pid"
        left_over.write_text(left_over.read_text().replace(f"{database.pid}\n", f"{stranger.pid}\n", 1))
        assert "ready" in left_over.read_text()
        assert attach(ground / "data") is None
        with start(ground / "data", durable=False, state_directory=ground / "state") as again:
            assert value(again.url, "SELECT 1") == 1
        assert stranger.poll() is None


def test_a_server_that_has_lost_its_parent_is_stopped_first(ground: Path) -> None:
    """As it is left where no signal tells of a parent's death."""
    data_dir, state = ground / "data", ground / "state"
    with start(data_dir, durable=False, state_directory=state) as database:
        cluster = database.data_directory
    account, sockets = account_for(cluster), ground / "sockets"
    sockets.mkdir()
    os.chown(sockets, account.uid, account.gid)
    postgres = find_binaries(account, state).directory / "postgres"
    command = [str(postgres), "-D", str(cluster), "-c", "listen_addresses=", "-k", str(sockets)]
    with subprocess.Popen(command, user=account.uid, group=account.gid, cwd="/", stderr=subprocess.DEVNULL) as orphan:
        try:
            assert until(lambda: attach(data_dir) is not None, 10)
            with start(data_dir, durable=False, state_directory=state) as again:
                assert orphan.wait(5) == 0
                assert value(again.url, "SELECT 1") == 1
        finally:
            orphan.kill()


def test_a_server_that_cannot_start_says_what_its_log_says(ground: Path) -> None:
    with start(ground / "data", durable=False, state_directory=ground / "state") as database:
        cluster = database.data_directory
    control = cluster / "global" / "pg_control"
    control.rename(ground / "pg_control")
    try:
        with pytest.raises(EmbeddedError, match="pg_control"):
            start(ground / "data", durable=False, state_directory=ground / "state")
    finally:
        (ground / "pg_control").rename(control)
    with start(ground / "data", durable=False, state_directory=ground / "state") as again:
        assert value(again.url, "SELECT 1") == 1
