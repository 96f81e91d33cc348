"""The wheels are enough: the image's command runs from them alone, as an account without a home."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

from tests.e2e.faults.calls import client
from tests.e2e.faults.wire import wire
from tests.e2e.rows import select
from tests.e2e.service_process import KEY
from tests.packaging.dockerfile import ROOT, environment, program
from tests.packaging.environment import Installed


def contents(wheels: list[Path], name: str) -> set[str]:
    (wheel,) = [path for path in wheels if path.name.startswith(f"{name}-")]
    return set(ZipFile(wheel).namelist())


def test_the_wheel_holds_the_service_its_persistence_and_its_migrations_and_nothing_else(wheels: list[Path]) -> None:
    names = contents(wheels, "taxiway")
    folders = {name.split("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {
        "service",
        "persistence",
        "migrations",
    }
    assert "service/__main__.py" in names
    assert "migrations/env.py" in names


def test_the_wheel_holds_every_revision_and_the_template_of_new_ones(wheels: list[Path]) -> None:
    names = contents(wheels, "taxiway")
    revisions = {str(path.relative_to(ROOT)) for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py")}
    assert revisions
    assert revisions <= names
    assert "migrations/script.py.mako" in names


def test_the_command_of_the_image_is_not_found_in_the_checkout(installed: Installed) -> None:
    imports = "import migrations, persistence, service, taxiway.v1 as api"
    code = f"{imports}; print(*(m.__path__[0] for m in (migrations, persistence, service, api)), sep='\\n')"
    result = installed.run("python", "-c", code)
    assert result.returncode == 0, result.stderr
    assert all(path.startswith(str(installed.directory)) for path in result.stdout.splitlines())


def test_help_and_version_answer(installed: Installed) -> None:
    version = installed.run("taxiway", "--version")
    assert (version.returncode, version.stderr) == (0, "")
    assert re.search(r"\b\d+\.\d+\.\d+\b", version.stdout)
    help_text = installed.run("taxiway", "--help")
    assert (help_text.returncode, help_text.stderr) == (0, "")
    assert "serve" in help_text.stdout


def test_the_command_of_the_image_names_what_production_lacks_in_a_sentence_each(installed: Installed) -> None:
    result = installed.run(*program())
    assert (result.returncode, result.stdout) == (2, "")
    database, secret_key = result.stderr.splitlines()
    assert "TAXIWAY_DATABASE_URL_FILE" in database
    assert "TAXIWAY_SECRET_KEY_FILE" in secret_key


def test_the_health_check_of_the_image_fails_where_nothing_listens(installed: Installed) -> None:
    result = installed.run("taxiway", "health", TAXIWAY_LISTEN="127.0.0.1:1")
    assert result.returncode != 0
    assert result.stderr.splitlines() == ["taxiway: No server answers at 127.0.0.1:1."]


@contextmanager
def serving(installed: Installed, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """`taxiway serve` of the environment, as `Installed.run` runs what ends by itself; killed where it does not end."""
    binaries, number = installed.directory / "bin", installed.account.number
    process = subprocess.Popen(
        [str(binaries / "taxiway"), "serve"],
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment() | {"PATH": f"{binaries}:/usr/bin:/bin", "TAXIWAY_MODE": "development"} | variables,
        user=number,
        group=number,
        extra_groups=None if number is None else [],
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


async def test_it_serves_from_the_wheels_alone(installed: Installed, database_url: str) -> None:
    """Through a proxy on loopback: the account of the image cannot enter the directory of the database's socket."""
    settings = {"TAXIWAY_SECRET_KEY": KEY, "TAXIWAY_LISTEN": "127.0.0.1:0"}
    async with wire(database_url) as proxy:
        with serving(installed, TAXIWAY_DATABASE_URL=proxy.url, **settings) as process:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                line = await asyncio.to_thread(process.stdout.readline)
            assert line.startswith("listening on "), line
            async with client(line.removeprefix("listening on ").strip()) as caller:
                made = await caller.create("users/me", "Paint the fence")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 20) == 0
    assert await select(database_url, "SELECT title FROM tasks") == [(made.title,)]
