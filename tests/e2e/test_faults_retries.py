"""What the service tries again by itself: no caller sees it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import TypeAlias

import asyncpg
import grpc
import pytest

from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, Client, Ended, ended, new_id
from tests.e2e.faults.until import until

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def admin(service: Service) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(service.database_url)
    yield connection
    await connection.close()


def _codes(outcomes: Sequence[Ended]) -> Counter[tuple[grpc.StatusCode, str]]:
    return Counter((outcome.code, outcome.reason) for outcome in outcomes)


async def _load(caller: Client, user: str, ending: asyncio.Event, outcomes: list[Ended]) -> None:
    while not ending.is_set():
        task = await ended(caller.create(user, new_id()))
        outcomes.append(task)
        if task.code is OK:
            outcomes.append(await ended(caller.get(task.answer.name)))
            outcomes.append(await ended(caller.retitle(task.answer.name, "Changed")))


async def test_connections_that_the_server_ended_cost_no_caller_an_error(service: Service, admin: Connection) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    await asyncio.gather(*(caller.create(user) for _ in range(40)))
    ended_by_us = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'taxiway' AND state = 'idle'"
    )
    for _ in range(3):
        assert await admin.fetchval(ended_by_us) > 0
        outcomes = await asyncio.gather(*(ended(caller.create(user)) for _ in range(20)))
        outcomes += await asyncio.gather(*(ended(caller.list(user)) for _ in range(20)))
        assert _codes(outcomes).keys() == {(OK, "")}


async def test_a_migration_under_load_costs_no_caller_an_error(service: Service, admin: Connection) -> None:
    """A column of another type makes the prepared statements of every connection stale."""
    caller, ending, outcomes = Client(service.channel), asyncio.Event(), list[Ended]()
    user = await caller.user()
    callers = [asyncio.create_task(_load(caller, user, ending, outcomes)) for _ in range(8)]
    for number in range(5):
        seen = len(outcomes)
        await until(lambda: len(outcomes) > seen + 24, 20)  # noqa: B023 - it is awaited within the round
        await admin.execute(f"ALTER TABLE tasks ALTER COLUMN tags TYPE {'text[]' if number % 2 else 'varchar[]'}")
    ending.set()
    await asyncio.gather(*callers)
    assert service.lifecycle.db.counts.retries > 0
    assert _codes(outcomes).keys() == {(OK, "")}


async def _raise_once(admin: Connection, state: str, times: int) -> None:
    """The next `times` new tasks fail with that SQLSTATE; sequences do not roll back, so they count the tries."""
    await admin.execute(f"""
        CREATE SEQUENCE tries;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{state}'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER fail BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION fail()""")


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_lost_race_is_run_again_as_a_whole(service: Service, admin: Connection, state: str) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    await _raise_once(admin, state, times=2)
    assert (await ended(caller.create(user, "Third try", new_id()))).code is OK
    assert list(await caller.titles(user)) == ["Third try"]
    assert await admin.fetchval("SELECT last_value FROM tries") == 3


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_race_that_is_lost_three_times_is_aborted(service: Service, admin: Connection, state: str) -> None:
    caller = Client(service.channel)
    user = await caller.user()
    await _raise_once(admin, state, times=3)
    outcome = await ended(caller.create(user, "Lost"))
    assert (outcome.code, outcome.reason) == (grpc.StatusCode.ABORTED, "CONFLICT")
    assert await admin.fetchval("SELECT last_value FROM tries") == 3
    assert list(await caller.titles(user)) == []


async def test_a_real_deadlock_costs_no_caller_an_error(service: Service, admin: Connection) -> None:
    """Two writes that each take the other's row next; the server ends one of them before its wait is over."""
    caller = Client(service.channel)
    user = await caller.user()
    names = [(await caller.create(user)).name for _ in range(2)]
    await admin.execute(f"""
        CREATE FUNCTION touch_other() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_sleep(0.2);
            PERFORM FROM tasks WHERE owner_id = NEW.owner_id AND id <> NEW.id FOR UPDATE;
            RETURN NEW;
        END $$;
        CREATE TRIGGER touch_other AFTER UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION touch_other();
        ALTER DATABASE {await admin.fetchval("SELECT current_database()")} SET deadlock_timeout = '50ms'""")
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'taxiway'"
        " AND datname = current_database()"
    )
    before = service.lifecycle.db.counts.retries
    outcomes = await asyncio.gather(*(ended(caller.retitle(name, "Both")) for name in names))
    assert _codes(outcomes).keys() == {(OK, "")}
    assert service.lifecycle.db.counts.retries > before


async def test_a_database_that_became_read_only_is_left_and_writes_come_back(
    service: Service, admin: Connection
) -> None:
    """As after a failover: the old primary keeps its connections, and every write on them fails with 25006."""
    caller = Client(service.channel)
    user, name = await caller.user(), await admin.fetchval("SELECT current_database()")
    await admin.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'taxiway'"
        " AND datname = current_database()"
    )
    outcomes = await asyncio.gather(*(ended(caller.create(user)) for _ in range(20)))
    away = (grpc.StatusCode.UNAVAILABLE, "DATABASE_UNAVAILABLE")
    # Twenty callers make ten new connections at once: on a busy machine some wait in vain for one of them.
    assert away in _codes(outcomes).keys() <= {away, (grpc.StatusCode.RESOURCE_EXHAUSTED, "POOL_EXHAUSTED")}
    await admin.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    outcomes = await asyncio.gather(*(ended(caller.create(user)) for _ in range(20)))
    assert _codes(outcomes).keys() == {(OK, "")}
