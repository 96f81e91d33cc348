"""docs/operations.md says what the settings, the metrics and the rights of the database's account really are."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from persistence import engine
from persistence.purge import purge
from persistence.url import parse
from service.environment import variable
from service.settings import Settings
from taxiway.v1 import task_pb2, task_service_pb2
from tests.docs.conftest import Server
from tests.docs.markdown import ROOT, blocks, table
from tests.e2e.conftest import in_process

TEXT = (ROOT / "docs/operations.md").read_text()
CREATE_ROLE, SET_LIMITS = (block.text for block in blocks(TEXT) if block.language == "sql")
ROLE = "taxiway_app"


def test_the_table_of_settings_is_that_of_the_code() -> None:
    fields = Settings.model_fields.items()
    assert table(TEXT, "setting") == [
        [variable(name), shown(field.default), str(field.description).replace("`", "")] for name, field in fields
    ]


def shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default in (None, ()) else str(default)


def test_the_table_of_metrics_is_what_the_server_serves(server: Server) -> None:
    with urllib.request.urlopen(f"http://{server.metrics}/metrics", timeout=10) as answer:
        served = set(re.findall(r"^# TYPE (\w+) (\w+)$", answer.read().decode(), re.MULTILINE))
    assert {(name, kind) for name, kind, _ in table(TEXT, "metric")} == served


@pytest.fixture
async def app_url(database_url: str) -> AsyncIterator[str]:
    """The database as the role of the document sees it; its owner assumes that role, whatever the server asks of it."""
    await as_owner(database_url, CREATE_ROLE)
    yield f"{database_url}{'&' if '?' in database_url else '?'}options=-c%20role%3D{ROLE}"
    await as_owner(database_url, f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


async def as_owner(url: str, statements: str) -> None:
    """Several statements at once, which SQLAlchemy does not send."""
    address = parse(url)
    single = engine.single(address)
    async with single.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = raw.driver_connection
        assert isinstance(driver, asyncpg.Connection)
        await driver.execute(statements)
    await single.dispose()


async def test_the_role_serves_and_purges_and_cannot_change_the_schema(app_url: str) -> None:
    request = task_service_pb2.CreateTaskRequest(
        parent="users/me", task=task_pb2.Task(title="Paint"), request_id="0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
    )
    async with in_process(app_url) as service:
        made = await service.tasks.CreateTask(request, timeout=10)
        await service.tasks.DeleteTask(task_service_pb2.DeleteTaskRequest(name=made.name), timeout=10)
    single = engine.single(parse(app_url))
    assert (await purge(single)).total == 0
    async with single.connect() as connection:
        assert await connection.scalar(text("SELECT current_user")) == ROLE
        with pytest.raises(DBAPIError, match="permission denied"):
            await connection.execute(text("CREATE TABLE more (id int)"))
    await single.dispose()


@pytest.mark.usefixtures("app_url")
async def test_the_limits_behind_a_pooler_are_those_that_the_service_sends_itself(
    database_url: str, administration: AsyncEngine
) -> None:
    await as_owner(database_url, SET_LIMITS)
    async with administration.connect() as connection:
        query = text("SELECT rolconfig FROM pg_roles WHERE rolname = :role")
        given = await connection.scalar(query, {"role": ROLE})
    limits = {name: value for name, value in engine._LIMITS.items() if name != "application_name"}
    assert {name.lower(): value for name, value in (line.split("=") for line in given)} == limits
