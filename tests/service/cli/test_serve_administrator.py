"""`taxiway serve` makes an administrator on its embedded database alone, and says once how to sign in."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.service_process import KEY
from tests.persistence.embedded_watch import value
from tests.service.cli.command import HINT, serving


def test_the_first_start_alone_says_how_to_sign_in(ground: Path) -> None:
    for said in (1, 0):
        with serving(ground) as server:
            shown = [line for line in server.log.read_text().splitlines() if line.startswith(HINT)]
            assert len(shown) == said
            assert all("TOKEN=$(make token)" in line and "TOKEN=$(taxiway token)" in line for line in shown)


def test_a_database_of_ones_own_gets_no_account(database_url: str, tmp_path: Path) -> None:
    with serving(tmp_path, database_url=database_url, secret_key=KEY) as server:
        assert HINT not in server.log.read_text()
        assert value(database_url, "SELECT count(*) FROM users") == 0
