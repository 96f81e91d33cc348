"""Passwords and the tokens that set one, as rows."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.base import Guard, Moment
from tests.persistence.units import add_account, aged, unit

HASH, OTHER = b"h" * 32, b"o" * 32
HOUR = timedelta(hours=1)


async def test_a_password_is_set_once_or_again_and_replaced_only_where_it_still_stands(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    assert await uow.credentials.get(user_id) is None
    await uow.credentials.set(user_id, "one")
    await uow.credentials.set(user_id, "two")
    assert not await uow.credentials.replace(user_id, "one", "three")
    assert await uow.credentials.get(user_id) == "two"
    assert await uow.credentials.replace(user_id, "two", "three")
    assert await uow.credentials.get(user_id) == "three"


async def test_who_signs_in_is_found_by_mail_address_or_user_name_with_or_without_a_password(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    alice, bob = await add_account(uow, "alice", role="USER"), await add_account(uow, "bob", role="USER")
    await uow.credentials.set(alice, "hash")
    for key, user_id, password_hash in (("alice@b", alice, "hash"), ("alice", alice, "hash"), ("bob", bob, None)):
        row = await uow.credentials.get_by_login(key)
        assert row is not None
        assert (row.id, row.password_hash, row.role, row.state) == (user_id, password_hash, "USER", "ACTIVE")
    assert await uow.credentials.get_by_login("carol") is None
    assert await uow.credentials.get_by_login("carol@b") is None


async def test_a_deleted_account_is_not_found_and_its_successor_is(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    gone = await add_account(uow, "alice", role="USER")
    await uow.users.change(gone, gone, {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}, Guard())
    assert await uow.credentials.get_by_login("alice") is None
    back = await add_account(uow, "alice", role="USER")
    row = await uow.credentials.get_by_login("alice")
    assert row is not None
    assert row.id == back


async def test_a_reset_token_is_taken_once_and_looked_at_as_often_as_one_likes(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    await uow.password_resets.put(user_id, HASH, HOUR, user_id)
    assert await uow.password_resets.find(user_id, OTHER) is None
    for _ in range(2):
        row = await uow.password_resets.find(user_id, HASH)
        assert row is not None
        assert (row.id, row.username, row.state, row.deleted_at) == (user_id, "robot", "ACTIVE", None)
    assert not await uow.password_resets.take(user_id, OTHER)
    assert await uow.password_resets.take(user_id, HASH)
    assert not await uow.password_resets.take(user_id, HASH)


async def test_a_newer_token_takes_the_place_of_the_old_one(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    first = await uow.password_resets.put(user_id, HASH, HOUR, user_id)
    second = await uow.password_resets.put(user_id, OTHER, 2 * HOUR, user_id)
    assert second.expire_at - first.expire_at == HOUR
    assert not await uow.password_resets.take(user_id, HASH)
    assert await uow.password_resets.take(user_id, OTHER)


async def test_a_token_that_has_ended_is_worth_nothing(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    await uow.password_resets.put(user_id, HASH, HOUR, user_id)
    await aged(shared_connection, "password_resets", "expire_at", "59 minutes")
    assert await uow.password_resets.find(user_id, HASH) is not None
    await aged(shared_connection, "password_resets", "expire_at", "1 minute")
    assert await uow.password_resets.find(user_id, HASH) is None
    assert not await uow.password_resets.take(user_id, HASH)


async def test_a_token_that_is_withdrawn_is_gone(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow)
    assert not await uow.password_resets.delete(user_id)
    await uow.password_resets.put(user_id, HASH, HOUR, user_id)
    assert await uow.password_resets.delete(user_id)
    assert await shared_connection.scalar(text("SELECT count(*) FROM password_resets")) == 0
