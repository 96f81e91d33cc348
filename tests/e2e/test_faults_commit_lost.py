"""The connection to the database ends during COMMIT: the caller learns what is known, and no write happens twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
import pytest

from tests.e2e.conftest import in_process
from tests.e2e.faults.calls import OK, Client, ended, new_id
from tests.e2e.faults.wire import AtCommit, Wire, wire

LOST = [AtCommit.LOSE_BEFORE, AtCommit.LOSE_AFTER]
PUSHBACK = "grpc-retry-pushback-ms"


@dataclass
class InDoubt:
    """A service that loses connections at COMMIT."""

    proxy: Wire
    client: Client
    user: str


@pytest.fixture
async def in_doubt(database_url: str) -> AsyncIterator[InDoubt]:
    async with wire(database_url) as proxy, in_process(proxy.url) as service:
        caller = Client(service.channel)
        yield InDoubt(proxy, caller, await caller.user())


@pytest.mark.parametrize("fate", LOST)
async def test_without_a_request_id_the_outcome_is_unknown_and_grpc_is_told_not_to_repeat(
    in_doubt: InDoubt, fate: AtCommit
) -> None:
    in_doubt.proxy.arm(fate)
    outcome = await ended(in_doubt.client.create(in_doubt.user, "Perhaps"))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAVAILABLE, "OUTCOME_UNKNOWN")
    assert (PUSHBACK, "-1") in outcome.trailers
    assert len(await in_doubt.client.titles(in_doubt.user)) == (fate is AtCommit.LOSE_AFTER)


@pytest.mark.parametrize("fate", LOST)
async def test_with_a_request_id_the_unit_finds_out_and_answers(in_doubt: InDoubt, fate: AtCommit) -> None:
    in_doubt.proxy.arm(fate)
    request_id = new_id()
    outcome = await ended(in_doubt.client.create(in_doubt.user, "Once", request_id))
    assert outcome.code is OK
    assert list(await in_doubt.client.titles(in_doubt.user)) == ["Once"]
    assert await in_doubt.client.create(in_doubt.user, "Once", request_id) == outcome.answer


async def test_with_a_request_id_whose_every_try_is_lost_the_caller_may_repeat(in_doubt: InDoubt) -> None:
    in_doubt.proxy.arm(AtCommit.LOSE_BEFORE, commits=3)
    request_id = new_id()
    outcome = await ended(in_doubt.client.create(in_doubt.user, "Once", request_id))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAVAILABLE, "OUTCOME_UNKNOWN")
    assert (PUSHBACK, "250") in outcome.trailers
    assert (await in_doubt.client.create(in_doubt.user, "Once", request_id)).title == "Once"
    assert list(await in_doubt.client.titles(in_doubt.user)) == ["Once"]


async def test_an_answer_to_commit_that_never_comes_ends_at_the_callers_deadline(in_doubt: InDoubt) -> None:
    in_doubt.proxy.arm(AtCommit.HOLD)
    request_id = new_id()
    outcome = await ended(in_doubt.client.create(in_doubt.user, "Once", request_id, timeout=0.5))
    assert outcome.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert outcome.seconds < 0.5 + 0.25 * 4
    assert list(await in_doubt.client.titles(in_doubt.user)) == ["Once"]
    in_doubt.proxy.drop_held()
    assert (await in_doubt.client.create(in_doubt.user, "Once", request_id)).title == "Once"
    assert list(await in_doubt.client.titles(in_doubt.user)) == ["Once"]


@pytest.mark.prove
@pytest.mark.timeout(300)
async def test_a_hundred_lost_commits_write_each_task_once(in_doubt: InDoubt) -> None:
    asked = [(f"Task {number}", new_id()) for number in range(100)]
    for number, (title, request_id) in enumerate(asked):
        in_doubt.proxy.arm(LOST[number % 2])
        assert (await ended(in_doubt.client.create(in_doubt.user, title, request_id))).code is OK
    assert sorted(await in_doubt.client.titles(in_doubt.user)) == sorted(title for title, _ in asked)


@pytest.mark.prove
async def test_commits_lost_under_load_write_each_task_once(in_doubt: InDoubt) -> None:
    in_doubt.proxy.arm(AtCommit.LOSE_AFTER, commits=5)
    asked = [(f"Task {number}", new_id()) for number in range(50)]
    calls = [ended(in_doubt.client.create(in_doubt.user, title, request_id)) for title, request_id in asked]
    assert {outcome.code for outcome in await asyncio.gather(*calls)} == {OK}
    assert sorted(await in_doubt.client.titles(in_doubt.user)) == sorted(title for title, _ in asked)
