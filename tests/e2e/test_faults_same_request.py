"""One request id from many callers at once: one write, one answer for all."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import grpc
import pytest

from taxiway.v1 import task_pb2, task_service_pb2
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.accounts import administrator
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, Client, Ended, client, ended, new_id
from tests.e2e.service_process import KEY, serving

CALLERS = 20


@pytest.fixture
def settings(database_url: str) -> Mapping[str, str]:
    return {"DATABASE_URL": database_url, "SECRET_KEY": KEY, "PURGE": "off"}


async def _create_together(callers: Sequence[Client], user: str) -> list[Ended]:
    request_id = new_id()
    return await asyncio.gather(*(ended(caller.create(user, "One", request_id)) for caller in callers))


def _answers(outcomes: Sequence[Ended]) -> set[bytes]:
    assert {(outcome.code, outcome.reason) for outcome in outcomes} == {(OK, "")}
    return {outcome.answer.SerializeToString() for outcome in outcomes}


@pytest.mark.parametrize("servers", [1, 2])
async def test_twenty_callers_with_one_request_id_make_one_task_and_get_one_answer(
    settings: Mapping[str, str], servers: int
) -> None:
    async with AsyncExitStack() as stack:
        services = [await stack.enter_async_context(serving(settings)) for _ in range(servers)]
        addresses = [services[number % servers].address for number in range(CALLERS)]
        token = await administrator(settings["DATABASE_URL"])
        callers = [await stack.enter_async_context(client(address, token=token)) for address in addresses]
        for round_ in range(5):
            user = await callers[0].user()
            assert len(_answers(await _create_together(callers, user))) == 1, round_
            assert list(await callers[0].titles(user)) == ["One"]


@pytest.mark.prove
async def test_a_hundred_times_twenty_callers_on_two_servers_make_one_task(settings: Mapping[str, str]) -> None:
    token = await administrator(settings["DATABASE_URL"])
    async with (
        serving(settings) as one,
        serving(settings) as other,
        client(one.address, token=token) as first,
        client(other.address, token=token) as second,
    ):
        for _ in range(100):
            user = await first.user()
            assert len(_answers(await _create_together([first, second] * 10, user))) == 1
            assert list(await first.titles(user)) == ["One"]


async def test_a_duplicate_of_a_call_at_work_elsewhere_is_told_to_come_back(service: Service) -> None:
    """It waits in the database, for a second: the other call has claimed the id and has not committed."""
    caller, request_id = Client(service.channel), new_id()
    user, me = await caller.user(), await caller.users.GetUser(GetUserRequest(name="users/me"))
    elsewhere = await asyncpg.connect(service.database_url)
    try:
        async with elsewhere.transaction():
            claim = "INSERT INTO requests (caller_id, request_id, method, fingerprint) VALUES ($1, $2, 'm', $3)"
            await elsewhere.execute(claim, UUID(me.name.removeprefix("users/")), UUID(request_id), bytes(32))
            duplicate = await ended(caller.create(user, "Once", request_id))
    finally:
        await elsewhere.close()
    assert (duplicate.code, duplicate.reason) == (grpc.StatusCode.ABORTED, "REQUEST_IN_PROGRESS")
    assert duplicate.retry_delay
    assert 0.9 < duplicate.seconds < 1 * 4


async def test_a_request_id_of_another_call_is_refused(service: Service) -> None:
    caller, request_id = Client(service.channel), new_id()
    user = await caller.user()
    task = await caller.create(user, "One", request_id)
    for other in (caller.create(user, "Another", request_id), caller.retitle(task.name, "One", request_id)):
        refused = await ended(other)
        assert (refused.code, refused.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED")
    assert list(await caller.titles(user)) == ["One"]


async def test_a_refusal_is_not_stored(service: Service) -> None:
    """The same id may be used again once what was in the way is gone."""
    caller, request_id, task_id = Client(service.channel), new_id(), new_id()
    user = await caller.user()
    missing = f"{user}/tasks/{task_id}"
    assert (await ended(caller.retitle(missing, "Mine", request_id))).code is grpc.StatusCode.NOT_FOUND
    task = task_pb2.Task(title="Was missing")
    await caller.tasks.CreateTask(task_service_pb2.CreateTaskRequest(parent=user, task_id=task_id, task=task))
    assert (await caller.retitle(missing, "Mine", request_id)).title == "Mine"
