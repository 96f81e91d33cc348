"""The wheels are enough: the image's command runs from them alone, as an account without a home."""

from __future__ import annotations

import asyncio
import base64
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from service.secret_key import SecretKeys
from taxiway.v1 import task_pb2, task_service_pb2
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from tests.authority import LOCALHOST, authority, issue
from tests.e2e.accounts import accounts
from tests.e2e.faults.wire import wire
from tests.e2e.rows import select
from tests.packaging.dockerfile import ROOT, environment, health_check, program
from tests.packaging.environment import Installed
from tests.service.tls_server import channel

if TYPE_CHECKING:
    from taxiway.v1.task_service_pb2_grpc import TaskServiceAsyncStub

CA = authority()
KEYS = SecretKeys((bytes(range(32)),))


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
    database, secret_key, plaintext = result.stderr.splitlines()
    assert "TAXIWAY_DATABASE_URL_FILE" in database
    assert "TAXIWAY_SECRET_KEY_FILE" in secret_key
    assert "TAXIWAY_TLS_CERT_FILE" in plaintext


def test_the_health_check_of_the_image_fails_where_nothing_listens(installed: Installed) -> None:
    result = installed.run(*health_check(), TAXIWAY_LISTEN="127.0.0.1:1")
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
        env=environment() | {"PATH": f"{binaries}:/usr/bin:/bin"} | variables,
        user=number,
        group=number,
        extra_groups=None if number is None else [],
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def settings(folder: Path) -> dict[str, str]:
    """A certificate and a key that production takes, where the account of the image can read them."""
    files = issue(CA, *LOCALHOST).write(folder)
    return {
        "TAXIWAY_SECRET_KEY": base64.b64encode(KEYS.values[0]).decode(),
        "TAXIWAY_TLS_CERT_FILE": str(files.certificate),
        "TAXIWAY_TLS_KEY_FILE": str(files.key),
        "TAXIWAY_LISTEN": "0.0.0.0:0",
    }


async def test_it_serves_from_the_wheels_alone(
    installed: Installed, database_url: str, settings: dict[str, str]
) -> None:
    """As the image does, in production and by TLS; the database through a proxy on loopback, since the account of the
    image cannot enter the directory of its socket.
    """
    async with wire(database_url) as proxy, accounts(database_url, KEYS) as made:
        token = (await made.make("ADMIN")).token
        with serving(installed, TAXIWAY_DATABASE_URL=proxy.url, **settings) as process:
            assert process.stdout is not None
            async with asyncio.timeout(30):
                line = await asyncio.to_thread(process.stdout.readline)
            assert line.startswith("listening on 0.0.0.0:"), line
            port = line.strip().rpartition(":")[2]
            async with channel(f"127.0.0.1:{port}", CA) as calls:
                stub: TaskServiceAsyncStub = TaskServiceStub(calls)
                task = task_pb2.Task(title="Paint the fence")
                request = task_service_pb2.CreateTaskRequest(parent="users/me", task=task)
                await stub.CreateTask(request, metadata=(("authorization", f"Bearer {token}"),), timeout=10)
            settings |= {"TAXIWAY_LISTEN": f"0.0.0.0:{port}"}
            asked = await asyncio.to_thread(partial(installed.run, *health_check(), **settings))
            assert (asked.returncode, asked.stdout, asked.stderr) == (0, "SERVING\n", "")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 20) == 0
    assert await select(database_url, "SELECT title FROM tasks") == [("Paint the fence",)]
