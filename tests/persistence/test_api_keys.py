"""API keys as rows: found by their id, with what they and their account may do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import add_account, aged, unit

HASH = b"h" * 32


async def made(uow: UnitOfWork, user_id: UUID, expire_at: datetime | None = None) -> Any:
    return await uow.api_keys.add(uuid4(), user_id, "for tests", HASH, ["tasks.read"], user_id, expire_at)


async def principal(uow: UnitOfWork, key_id: UUID) -> Any:
    return await uow.api_keys.principal(key_id)


async def test_a_key_tells_who_calls_with_it_and_what_for(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow, scopes=["tasks.read", "users.read"])
    key = await made(uow, user_id)
    assert "token_hash" not in key._fields
    assert (key.display_name, key.scopes, key.last_use_at, key.expire_at) == ("for tests", ["tasks.read"], None, None)
    row = await principal(uow, key.id)
    assert (row.user_id, row.token_hash, row.scopes) == (user_id, HASH, ["tasks.read"])
    assert (row.role, row.state, row.deleted_at) == ("SERVICE", "ACTIVE", None)
    assert (sorted(row.user_scopes), row.expired) == (["tasks.read", "users.read"], False)
    assert await principal(uow, uuid4()) is None


async def test_a_key_expires_by_the_clock_of_the_database(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    key = await made(uow, await add_account(uow), datetime.now(UTC) + timedelta(hours=1))
    assert not (await principal(uow, key.id)).expired
    await aged(shared_connection, "api_keys", "expire_at", "2 hours")
    assert (await principal(uow, key.id)).expired


async def test_keys_are_listed_page_by_page_and_removed(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id, other = await add_account(uow), await add_account(uow, "other")
    ids = sorted([(await made(uow, user_id)).id for _ in range(4)], reverse=True)
    foreign = await made(uow, other)
    first = await uow.api_keys.list_for_user(user_id, None, 3)
    rest = await uow.api_keys.list_for_user(user_id, first[-1].id, 3)
    assert [row.id for row in (*first, *rest)] == ids
    assert await uow.api_keys.delete(user_id, foreign.id) is None
    removed = await uow.api_keys.delete(user_id, ids[0])
    assert removed is not None
    assert removed.id == ids[0]
    assert await uow.api_keys.delete_all(user_id) == 3
    assert await principal(uow, foreign.id) is not None


async def test_the_first_use_is_noted_too(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    key, moment = await made(uow, user_id), datetime.now(UTC) - timedelta(minutes=1)
    assert await uow.api_keys.touch([key.id], [moment]) == 1
    (row,) = await uow.api_keys.list_for_user(user_id, None, 9)
    assert row.last_use_at == moment
