"""The embedded database runs as an account that fits: never as root, and as the owner of its data."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from persistence.embedded import start
from persistence.embedded.account import account_for
from persistence.embedded.binaries import find_binaries
from tests.persistence.embedded_parent import ROOT, serving
from tests.persistence.embedded_watch import open_ground, value

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run PostgreSQL as another account")
SOMEBODY = "nobody" if os.geteuid() == 0 else ""  # A normal user, which the tests' own user is unless it is root.


@pytest.fixture(scope="module")
def ground() -> Iterator[Path]:
    """One for all tests here; where no special place matters, they start on `data` in it."""
    with open_ground() as place:
        yield place


def owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@as_root
def test_root_gives_up_all_that_is_roots(ground: Path) -> None:
    with start(ground / "data", durable=False, state_directory=ground / "state") as database:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{database.pid}/status").read_text().splitlines())
        account = account_for(database.data_directory)
        assert account.uid != 0
        assert set(status["Uid"].split()) == {str(account.uid)}
        assert set(status["Gid"].split()) == {str(account.gid)}
        assert status["Groups"].split() == []


def test_a_normal_user_needs_nothing_special_and_root_serves_the_data_as_that_user(ground: Path) -> None:
    user = pwd.getpwnam(SOMEBODY) if SOMEBODY else pwd.getpwuid(os.geteuid())
    home = ground / "home"
    home.mkdir(mode=0o711)
    os.chown(home, user.pw_uid, user.pw_gid)
    programs = find_binaries(account_for(ground / "none"), ground / "programs").directory
    environment = {"TAXIWAY_PG_BINDIR": str(programs)}
    with serving(home / "data", ground / "state", account=SOMEBODY, environment=environment) as parent:
        assert owner(parent.pid) == user.pw_uid
        assert (parent.data_directory, parent.notice) == (home / "data" / "postgres", None)
        value(parent.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    with start(home / "data", durable=False, state_directory=ground / "state") as database:
        assert owner(database.pid) == user.pw_uid
        assert value(database.url, "SELECT answer FROM kept") == 42


@as_root
def test_root_makes_an_account_where_there_is_none_to_use(ground: Path) -> None:
    """With a copy of /etc without them, which only this test's processes see."""
    etc = ground / "etc"
    etc.mkdir(mode=0o700)
    script = """
mount -t tmpfs none "$1" && cp -a /etc/. "$1" && mount --bind "$1" /etc || exit 77
echo 'passwd: files' > /etc/nsswitch.conf
sed -i -E '/^(postgres|nobody):/d' /etc/passwd /etc/shadow
shift; exec "$@"
"""
    program = "from persistence.embedded.account import account_for; from pathlib import Path; "
    program += "print(account_for(Path('/none')).name, account_for(Path('/none')).uid)"
    command = ["unshare", "--mount", "/bin/sh", "-c", script, "sh", str(etc)]
    command += [sys.executable, "-c", program]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if ended.returncode == 77 or "unshare failed" in ended.stderr:
        pytest.skip("this container may not mount")
    name, uid = ended.stdout.split()
    assert name == "taxiway"
    assert int(uid) > 0
    assert "taxiway" not in [entry.pw_name for entry in pwd.getpwall()]
