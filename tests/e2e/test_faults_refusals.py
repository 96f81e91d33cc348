"""What the service refuses when others hold what a call needs: within a bound, with a reason, and not for long."""

import asyncio

import asyncpg
import grpc
import pytest

from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, Client, ended, new_id
from tests.e2e.faults.figures import report
from tests.e2e.faults.rows import hold_row, waiting_for_locks
from tests.e2e.faults.until import until

POOL = 10
SLOW_WRITES = """
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
    CREATE TRIGGER wait BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION wait()"""
SLOW_READS = """
    ALTER TABLE tasks RENAME TO hidden;
    CREATE VIEW tasks AS SELECT * FROM hidden WHERE pg_sleep(60) IS NOT NULL"""


async def test_a_row_that_another_holds_for_more_than_a_second_is_lock_timeout(service: Service) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    task = (await caller.create(user)).name
    async with hold_row(service.database_url, [task]):
        outcome = await ended(caller.retitle(task, "Later"))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.ABORTED, "LOCK_TIMEOUT")
    assert outcome.retry_delay
    assert 0.9 < outcome.seconds < 1 * 4


async def test_an_exhausted_pool_is_refused_soon_and_recovers(service: Service) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    names = [(await caller.create(user)).name for _ in range(POOL)]
    async with hold_row(service.database_url, names) as held:
        holding = [asyncio.create_task(ended(caller.retitle(name, "Held"))) for name in names]
        await until(lambda: waiting_for_locks(held, POOL), 5)
        refused = await asyncio.gather(ended(caller.get(names[0])), ended(caller.create(user)))
    assert {(outcome.code, outcome.reason) for outcome in refused} == {
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "POOL_EXHAUSTED")
    }
    assert all(outcome.retry_delay for outcome in refused)
    assert all(outcome.seconds < 0.6 * 4 for outcome in refused)
    await asyncio.gather(*holding)
    again = await ended(caller.get(names[0]))
    assert again.code is OK
    assert again.seconds < 1


@pytest.mark.prove
async def test_an_exhausted_pool_is_refused_within_600_ms(capsys: pytest.CaptureFixture[str], service: Service) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    names = [(await caller.create(user)).name for _ in range(POOL)]
    slowest = 0.0
    for _ in range(5):
        async with hold_row(service.database_url, names) as held:
            holding = [asyncio.create_task(ended(caller.retitle(name, new_id()))) for name in names]
            await until(lambda: waiting_for_locks(held, POOL), 5)
            refused = await asyncio.gather(*(ended(caller.get(name)) for name in names))
        await asyncio.gather(*holding)
        assert {outcome.reason for outcome in refused} == {"POOL_EXHAUSTED"}
        slowest = max(slowest, *(outcome.seconds for outcome in refused))
    report(capsys, f"slowest refusal {slowest:.3f} s")
    assert slowest <= 0.6


@pytest.mark.prove
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
async def test_the_servers_ceiling_ends_a_call_without_a_deadline(
    capsys: pytest.CaptureFixture[str], service: Service, *, write: bool
) -> None:
    """Each row takes a minute: to be written, or to be read through a view."""
    caller = Client(service.channel)
    user = await caller.user()
    task = (await caller.create(user)).name
    connection = await asyncpg.connect(service.database_url)
    try:
        await connection.execute(SLOW_WRITES if write else SLOW_READS)
    finally:
        await connection.close()
    outcome = await ended(caller.create(user) if write else caller.get(task))
    report(capsys, f"ended after {outcome.seconds:.3f} s")
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
    assert 9.5 < outcome.seconds < 10.25
    await until(lambda: service.lifecycle.db.running == 0, 5)
