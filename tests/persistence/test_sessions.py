"""Sessions as rows: how long they last by the database's clock, and whose they are."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.base import Guard
from persistence.repositories.sessions import IDLE_LIFETIME, LIFETIME
from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import add_account, aged, unit

FIRST, SECOND, THIRD = (letter * 32 for letter in (b"1", b"2", b"3"))
HASHES = {"token_hash", "parent_hash", "parent_spent"}


async def begun(uow: UnitOfWork, user_id: UUID) -> Any:
    return await uow.sessions.add(uuid4(), user_id, FIRST, "tests", "192.0.2.1")


async def locked(uow: UnitOfWork, session_id: UUID) -> Any:
    return await uow.sessions.get_locked(session_id)


async def test_a_session_lasts_14_days_unused_and_90_in_any_case(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    row = await begun(uow, await add_account(uow))
    assert row.idle_expire_at - row.created_at == IDLE_LIFETIME == timedelta(days=14)
    assert row.expire_at - row.created_at == LIFETIME == timedelta(days=90)
    assert not HASHES & set(row._fields)


async def test_a_refresh_moves_the_idle_end_and_never_past_the_last_one(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    made = await begun(uow, await add_account(uow))
    for column in ("created_at", "idle_expire_at", "expire_at"):
        await aged(shared_connection, "sessions", column, "10 days")
    row = await uow.sessions.rotate(made.id, SECOND, FIRST, False, "192.0.2.2", "newer")
    assert row.idle_expire_at == made.created_at + IDLE_LIFETIME
    assert (row.peer, row.user_agent) == ("192.0.2.2", "newer")
    for column in ("created_at", "idle_expire_at", "expire_at"):
        await aged(shared_connection, "sessions", column, "79 days")
    row = await uow.sessions.rotate(made.id, THIRD, SECOND, False, "192.0.2.2", "newer")
    assert row.idle_expire_at == row.expire_at == made.expire_at - timedelta(days=89)
    kept = await locked(uow, made.id)
    assert (kept.token_hash, kept.parent_hash, kept.parent_spent) == (THIRD, SECOND, False)


@pytest.mark.parametrize(("column", "age"), [("idle_expire_at", "14 days"), ("expire_at", "90 days")])
async def test_it_has_expired_at_either_end(shared_connection: AsyncConnection, column: str, age: str) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    made = await begun(uow, user_id)
    principal = await uow.sessions.principal(made.id)
    assert principal is not None
    assert (principal.user_id, principal.role, principal.state, principal.deleted_at) == (
        user_id,
        "SERVICE",
        "ACTIVE",
        None,
    )
    assert not principal.expired
    if column == "expire_at":
        await shared_connection.execute(text("UPDATE sessions SET idle_expire_at = created_at"))
    await aged(shared_connection, "sessions", column, age)
    principal, row = await uow.sessions.principal(made.id), await locked(uow, made.id)
    assert principal is not None
    assert principal.expired
    assert row.expired
    assert await uow.sessions.list_for_user(user_id, None, 9) == []


async def test_the_locked_row_tells_how_its_user_stands(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    made = await begun(uow, user_id)
    await uow.users.change(user_id, user_id, {"state": "SUSPENDED"}, Guard())
    row = await locked(uow, made.id)
    assert (row.user_state, row.user_deleted_at, row.user_role, row.expired) == ("SUSPENDED", None, "SERVICE", False)
    assert await uow.sessions.get_locked(uuid4()) is None
    assert await uow.sessions.principal(uuid4()) is None


async def test_by_a_password_a_session_begins_only_where_it_still_lets_in(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow, "alice", role="USER")
    await uow.credentials.set(user_id, "hash")
    arguments = ("hash", FIRST, "tests", "192.0.2.1")
    assert await uow.sessions.begin(uuid4(), user_id, *arguments) is not None
    assert await uow.sessions.begin(uuid4(), user_id, "other", *arguments[1:]) is None
    await uow.users.change(user_id, user_id, {"state": "SUSPENDED"}, Guard())
    assert await uow.sessions.begin(uuid4(), user_id, *arguments) is None
    assert len(await uow.sessions.list_for_user(user_id, None, 9)) == 1


async def test_a_list_is_of_one_user_newest_first_page_by_page(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id, other = await add_account(uow), await add_account(uow, "other")
    made = sorted([(await begun(uow, user_id)).id for _ in range(5)], reverse=True)
    await begun(uow, other)
    first = await uow.sessions.list_for_user(user_id, None, 3)
    rest = await uow.sessions.list_for_user(user_id, first[-1].id, 3)
    assert [row.id for row in (*first, *rest)] == made
    assert not HASHES & set(first[0]._fields)


async def test_sessions_are_ended_one_by_one_all_or_all_but_one(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id, other = await add_account(uow), await add_account(uow, "other")
    made, foreign = [await begun(uow, user_id) for _ in range(4)], await begun(uow, other)
    assert await uow.sessions.delete(user_id, foreign.id) is None
    ended = await uow.sessions.delete(user_id, made[0].id)
    assert ended is not None
    assert ended.id == made[0].id
    assert await uow.sessions.delete_all(user_id, made[1].id) == 2
    assert [row.id for row in await uow.sessions.list_for_user(user_id, None, 9)] == [made[1].id]
    assert await uow.sessions.delete_all(user_id, None) == 1
    assert await uow.sessions.principal(foreign.id) is not None


async def test_the_last_use_only_moves_forward_and_not_into_the_future(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    early, late, ahead = [(await begun(uow, user_id)).id for _ in range(3)]
    await aged(shared_connection, "sessions", "last_use_at", "1 hour")
    now = datetime.now(UTC)
    moments = {early: now - timedelta(hours=9), late: now - timedelta(minutes=1), ahead: now + timedelta(days=1)}
    assert await uow.sessions.touch([*moments, uuid4()], [*moments.values(), now]) == 3
    rows = {row.id: row for row in await uow.sessions.list_for_user(user_id, None, 9)}
    assert rows[early].last_use_at < moments[late] == rows[late].last_use_at
    assert now - timedelta(hours=2) < rows[early].last_use_at
    assert rows[ahead].last_use_at < now + timedelta(hours=1)
