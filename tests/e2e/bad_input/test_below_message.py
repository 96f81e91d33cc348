"""Faults below the message are Core's to answer: nothing is written, other calls go on, and nothing grows."""

import asyncio
from collections.abc import AsyncIterator

import psutil  # type: ignore[import-untyped]  # it ships none
import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import CreateTaskRequest
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.accounts import administrator
from tests.e2e.bad_input.raw_http2 import Fault, faults, send
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import client
from tests.e2e.faults.until import until
from tests.e2e.rows import contents
from tests.e2e.service_process import KEY, ServiceProcess, serving

AT_ONCE = 10
CLOSED = 5.0  # seconds until a connection that its client closed is closed here too
MEGABYTE = 1 << 20
MESSAGE = CreateTaskRequest(parent="users/me", task=Task(title="Never written")).SerializeToString()


@pytest.fixture
async def process(database_url: str) -> AsyncIterator[ServiceProcess]:
    async with serving({"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off"}) as started:
        yield started


async def goes_on(address: str, token: str) -> None:
    async with client(address, token=token) as caller:
        me = await caller.users.GetUser(GetUserRequest(name="users/me"), timeout=5)
        assert me.name


async def send_many(address: str, token: str, count: int) -> None:
    """Each fault in turn, some at a time, with a good call after each round."""
    cases = faults(MESSAGE)
    every = [cases[number % len(cases)] for number in range(count)]
    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(send(address, fault, token) for fault in every[start : start + AT_ONCE]))
        await goes_on(address, token)


@pytest.mark.parametrize("fault", faults(MESSAGE), ids=lambda fault: fault.name)
async def test_a_fault_below_the_message_writes_nothing(untouched: Service, fault: Fault) -> None:
    await send(untouched.address, fault, untouched.token)
    await goes_on(untouched.address, untouched.token)


async def leaves_no_growth(process: ServiceProcess, database_url: str, count: int, growth: int) -> None:
    server, token = psutil.Process(process.pid), await administrator(database_url)
    await send_many(process.address, token, 2 * len(faults(MESSAGE)))
    before, memory, open_files = await contents(database_url), server.memory_info().rss, server.num_fds()
    await send_many(process.address, token, count)
    assert await contents(database_url) == before
    await until(lambda: server.num_fds() <= open_files + 2, CLOSED)
    assert server.memory_info().rss - memory < growth


async def test_fifty_faults_leave_no_growth(process: ServiceProcess, database_url: str) -> None:
    await leaves_no_growth(process, database_url, 50, 8 * MEGABYTE)


@pytest.mark.prove
@pytest.mark.timeout(600)
async def test_a_thousand_faults_leave_no_growth(process: ServiceProcess, database_url: str) -> None:
    await leaves_no_growth(process, database_url, 1000, 8 * MEGABYTE)
