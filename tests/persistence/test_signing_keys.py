"""Signing keys as rows: one signs, one is next, the private halves are sealed, and rotations follow each other."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from persistence import errors
from persistence.opening import Release, open_database
from persistence.sealing import SealError
from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import NEW, OLD, aged, unit

PUBLIC, PRIVATE = b"p" * 32, b"s" * 32


def kid(letter: str) -> str:
    return letter * 43


async def first_two(uow: UnitOfWork) -> None:
    for letter, state in (("a", "CURRENT"), ("b", "NEXT")):
        await uow.signing_keys.add(kid(letter), state, PUBLIC, PRIVATE)


async def states(uow: UnitOfWork) -> dict[str, str]:
    return {key.kid[0]: key.state for key in await uow.signing_keys.all()}


async def test_a_rotation_moves_every_key_one_state_on(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await first_two(uow)
    await uow.signing_keys.rotate(kid("c"), PUBLIC, PRIVATE)
    assert await states(uow) == {"a": "RETIRED", "b": "CURRENT", "c": "NEXT"}
    assert {key.private_key for key in await uow.signing_keys.all()} == {PRIVATE}


async def test_a_retired_key_verifies_for_an_hour(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await first_two(uow)
    await uow.signing_keys.rotate(kid("c"), PUBLIC, PRIVATE)
    await aged(shared_connection, "signing_keys", "retired_at", "59 minutes")
    assert "a" in await states(uow)
    await aged(shared_connection, "signing_keys", "retired_at", "1 minute")
    assert "a" not in await states(uow)


@pytest.mark.parametrize("state", ["CURRENT", "NEXT"])
async def test_there_is_one_of_each(shared_connection: AsyncConnection, state: str) -> None:
    uow = unit(shared_connection)
    await first_two(uow)
    with pytest.raises(errors.UniqueViolation) as refused:
        await uow.signing_keys.add(kid("c"), state, PUBLIC, PRIVATE)
    assert refused.value.constraint == "uq_signing_keys_state"


async def test_rotations_at_once_follow_each_other(database_url: str) -> None:
    """Each waits for the one before it and goes on from what that left: none fails, none is lost."""
    async with open_database(database_url, [OLD], Release("0.1.0", migrations.head()), purging=False) as database:

        async def begin(uow: UnitOfWork, _caller: None, _command: None) -> None:
            await first_two(uow)

        async def rotate(uow: UnitOfWork, _caller: None, letter: str) -> None:
            await uow.signing_keys.rotate(kid(letter), PUBLIC, PRIVATE)

        async def look(uow: UnitOfWork, _caller: None, _command: None) -> dict[str, str]:
            return await states(uow)

        await database.change(begin, None, None)
        await asyncio.gather(*(database.change(rotate, None, letter) for letter in "cdefg"))
        found = await database.look(look, None, None)
    assert sorted(found.values()) == ["CURRENT", "NEXT", *["RETIRED"] * 5]


async def test_the_private_half_is_sealed_for_its_row(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await first_two(uow)
    kept = (await shared_connection.scalars(text("SELECT private_key FROM signing_keys"))).all()
    assert not [sealed for sealed in kept if PRIVATE in bytes(sealed)]
    moved = text("UPDATE signing_keys SET private_key = (SELECT private_key FROM signing_keys WHERE kid LIKE 'b%')")
    await shared_connection.execute(moved)
    with pytest.raises(SealError):
        await uow.signing_keys.all()


async def test_resealing_lets_the_old_key_go(shared_connection: AsyncConnection) -> None:
    await first_two(unit(shared_connection, OLD))
    during = unit(shared_connection, NEW, OLD)
    assert [await during.signing_keys.reseal() for _ in range(2)] == [2, 0]
    assert {key.private_key for key in await unit(shared_connection, NEW).signing_keys.all()} == {PRIVATE}
