"""The embedded database: it starts, keeps its data, serves one process at a time, and stops."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedError, EmbeddedPostgres, attach, start
from tests.persistence.embedded_parent import refusal, run_program, serving
from tests.persistence.embedded_watch import living, open_ground, value


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """One for all tests here: each starts on the cluster that the one before it has stopped, which is quick."""
    with open_ground() as place:
        yield place


@pytest.fixture
def database(ground: Path) -> Iterator[EmbeddedPostgres]:
    with start(ground / "data", durable=False, state_directory=ground / "state") as running:
        yield running


def test_the_data_is_there_after_a_restart(ground: Path) -> None:
    with start(ground / "data", state_directory=ground / "state") as first:
        value(first.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with start(ground / "data", state_directory=ground / "state") as second:
        assert value(second.url, "SELECT answer FROM kept") == 42
        assert second.data_directory == ground / "data" / "postgres"


def test_it_is_durable_unless_told_otherwise(ground: Path) -> None:
    settings = "SELECT string_agg(setting, ' ') FROM pg_settings "
    settings += "WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes')"
    with start(ground / "data", state_directory=ground / "state") as durable:
        assert value(durable.url, settings) == "on on on"
    with start(ground / "data", durable=False, state_directory=ground / "state") as quick:
        assert value(quick.url, settings) == "off off off"


def test_what_matters_to_others_is_set_the_same_everywhere(database: EmbeddedPostgres) -> None:
    expected = {"listen_addresses": "", "wal_level": "logical", "TimeZone": "UTC", "max_connections": "100"}
    assert {name: value(database.url, f"SHOW {name}") for name in expected} == expected


def test_the_database_is_taxiway_and_so_is_the_role(database: EmbeddedPostgres) -> None:
    assert value(database.url, "SELECT current_database() || ' ' || current_user") == "taxiway taxiway"


def test_only_its_own_account_reaches_data_and_socket(database: EmbeddedPostgres) -> None:
    sockets = Path(str(value(database.url, "SHOW unix_socket_directories")))
    assert {path.stat().st_mode & 0o777 for path in (database.data_directory, sockets)} == {0o700}
    assert len(os.fsencode(sockets)) < 90


def test_statements_that_fail_leave_nothing_of_what_users_wrote_in_the_log(database: EmbeddedPostgres) -> None:
    with pytest.raises(Exception, match="canary-17"):
        value(database.url, "SELECT 'canary-17'::int")
    assert "canary" not in (database.data_directory.parent / "postgres.log").read_text()


def test_a_second_start_names_the_process_that_serves(ground: Path) -> None:
    with serving(ground / "data", ground / "state") as parent:
        said = refusal(ground / "data", ground / "state")
        assert said.startswith(f"taxiway serve (process {parent.process.pid}) already serves")
        assert str(ground / "data") in said
        assert "\n" not in said
        assert value(parent.url, "SELECT 1") == 1


def test_others_attach_to_the_one_that_runs_and_to_none_otherwise(ground: Path) -> None:
    data_dir = ground / "data"
    assert attach(data_dir) is None
    with serving(data_dir, ground / "state") as parent:
        assert attach(data_dir) == parent.url
        assert value(parent.url, "SELECT 1") == 1
    assert attach(data_dir) is None
    assert living({parent.pid}) == set()


def test_attaching_leaves_no_trace(tmp_path: Path) -> None:
    assert attach(tmp_path / "data") is None
    assert list(tmp_path.iterdir()) == []


def test_stopping_twice_is_stopping_once(ground: Path) -> None:
    database = start(ground / "data", durable=False, state_directory=ground / "state")
    sockets = Path(str(value(database.url, "SHOW unix_socket_directories")))
    database.stop()
    assert living({database.pid}) == set()
    assert not sockets.exists()
    with start(ground / "data", durable=False, state_directory=ground / "state") as again:
        database.stop()
        assert value(again.url, "SELECT 1") == 1


def test_a_socket_directory_that_was_cleaned_away_hinders_no_stop(ground: Path) -> None:
    with start(ground / "data", durable=False, state_directory=ground / "state") as database:
        shutil.rmtree(str(value(database.url, "SHOW unix_socket_directories")))
    assert living({database.pid}) == set()
    with start(ground / "data", durable=False, state_directory=ground / "state") as again:
        assert value(again.url, "SELECT 1") == 1


def test_a_forked_worker_that_ends_before_it_or_after_it_does_nothing_to_it(ground: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from persistence.embedded import attach, start
data_dir, state = map(Path, sys.argv[1:])
database = start(data_dir, durable=False, state_directory=state)
if (early := os.fork()) == 0:
    sys.exit()
os.waitpid(early, 0)
if attach(data_dir) != database.url:
    sys.exit("stopped")
waiting, stopped = os.pipe()
if (late := os.fork()) == 0:
    os.close(stopped)
    os.read(waiting, 1)
    sys.exit()
database.stop()
os.close(stopped)
os.waitpid(late, 0)
"""
    ended = run_program(program, ground / "data", ground / "state")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_only_the_main_thread_may_start_it(tmp_path: Path) -> None:
    caught: list[str] = []

    def attempt() -> None:
        try:
            start(tmp_path / "data", state_directory=tmp_path / "state")
        except RuntimeError as error:
            caught.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert len(caught) == 1
    assert not (tmp_path / "data").exists()


def test_a_data_directory_that_cannot_be_made_is_one_sentence(ground: Path) -> None:
    (ground / "file").write_text("")
    with pytest.raises(EmbeddedError, match="file/data"):
        start(ground / "file" / "data", state_directory=ground / "state")
