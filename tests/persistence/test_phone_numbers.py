"""Telephone numbers are kept encrypted, each for its row alone, and nobody above the repository notices."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.paging import PageQuery
from persistence.repositories.base import Guard
from persistence.sealing import SealError
from persistence.unit_of_work import UnitOfWork
from tests.persistence.plans import sent_on
from tests.persistence.units import NEW, OLD, add_account, unit

NUMBER, OTHER = "+4930123456", "+4930654321"


async def sealed(connection: AsyncConnection, user_id: UUID) -> bytes:
    statement = text("SELECT phone_number FROM users WHERE id = :id")
    return bytes((await connection.execute(statement, {"id": user_id})).scalar_one())


async def number_of(uow: UnitOfWork, user_id: UUID) -> str | None:
    row = await uow.users.get(user_id)
    assert row is not None
    return str(row.phone_number) if row.phone_number is not None else None


async def version(connection: AsyncConnection, user_id: UUID) -> tuple[object, ...]:
    statement = text("SELECT version, updated_at, updated_by FROM users WHERE id = :id")
    return tuple((await connection.execute(statement, {"id": user_id})).one())


async def test_every_read_answers_the_number_and_the_table_does_not_hold_it(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow, phone_number=NUMBER, certificate_uris=["spiffe://a/b"])
    without = await add_account(uow, "other")
    reads = [
        await uow.users.get(user_id),
        await uow.users.get_locked(user_id),
        await uow.users.get_standing(user_id),
        (await uow.users.get_many([user_id, without]))[user_id],
        *[row for row in (await uow.user_pages.page(PageQuery(9))).rows if row.id == user_id],
        *await uow.users.find_by_certificate(["spiffe://a/b"]),
        await uow.users.change(user_id, user_id, {"display_name": "Robot"}, Guard()),
    ]
    assert len(reads) == 7
    assert [row.phone_number for row in reads] == [NUMBER] * 7
    assert await number_of(uow, without) is None
    kept = await sealed(shared_connection, user_id)
    assert NUMBER.encode() not in kept
    assert len(kept) == 32 + len(NUMBER)


async def test_an_opened_row_has_the_fields_of_the_row_in_their_order(shared_connection: AsyncConnection) -> None:
    """A page of some with a number and some without is read by the names of its first row."""
    uow = unit(shared_connection)
    await add_account(uow, phone_number=NUMBER)
    await add_account(uow, "other")
    first, second = (await uow.user_pages.page(PageQuery(9))).rows
    assert first._fields == second._fields
    assert {type(row).__name__ for row in (first, second)} == {"OpenedRow", "Row"}


async def test_a_number_that_was_moved_to_another_row_does_not_open(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id, other = await add_account(uow, phone_number=NUMBER), await add_account(uow, "other")
    statement = text("UPDATE users SET phone_number = :sealed WHERE id = :id")
    await shared_connection.execute(statement, {"sealed": await sealed(shared_connection, user_id), "id": other})
    with pytest.raises(SealError):
        await uow.users.get(other)


@pytest.mark.parametrize("also", [{}, {"display_name": ""}])
async def test_writing_the_same_number_again_changes_nothing(
    shared_connection: AsyncConnection, also: dict[str, object]
) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow, phone_number=NUMBER)
    before = (await version(shared_connection, user_id), await sealed(shared_connection, user_id))
    row = await uow.users.change(user_id, UUID(int=9), {"phone_number": NUMBER, **also}, Guard())
    assert row is not None
    assert row.phone_number == NUMBER
    assert before == (await version(shared_connection, user_id), await sealed(shared_connection, user_id))


@pytest.mark.parametrize("number", [OTHER, None])
async def test_another_number_or_none_is_a_change(shared_connection: AsyncConnection, number: str | None) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow, phone_number=NUMBER)
    row = await uow.users.change(user_id, user_id, {"phone_number": number}, Guard())
    assert row is not None
    assert (row.phone_number, row.version) == (number, 2)
    assert await number_of(uow, user_id) == number


async def test_only_a_given_number_costs_a_statement_more(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    user_id = await add_account(uow, phone_number=NUMBER)
    counts = []
    for columns in ({"phone_number": OTHER}, {"phone_number": None}, {"display_name": "Robot"}):
        with sent_on(shared_connection) as sent:
            await uow.users.change(user_id, user_id, columns, Guard())
        counts.append(len(sent))
    assert counts == [2, 1, 1]


async def test_resealing_replaces_what_an_older_key_sealed_and_counts_no_change(
    shared_connection: AsyncConnection,
) -> None:
    before = unit(shared_connection, OLD)
    ids = sorted([await add_account(before, f"robot{number}", phone_number=NUMBER) for number in range(5)])
    await add_account(before, "none")
    versions = [await version(shared_connection, user_id) for user_id in ids]
    during = unit(shared_connection, NEW, OLD)
    after, counts = None, []
    while True:
        after, count = await during.users.reseal(after, 4)
        if after is None:
            break
        counts.append(count)
    assert sum(counts) == 5
    assert len(counts) == 2
    assert [await version(shared_connection, user_id) for user_id in ids] == versions
    only_new = unit(shared_connection, NEW)
    assert {await number_of(only_new, user_id) for user_id in ids} == {NUMBER}
    assert await during.users.reseal(None, 10) == (max(await all_ids(shared_connection)), 0), "nothing is left to do"


async def all_ids(connection: AsyncConnection) -> list[UUID]:
    return list((await connection.scalars(text("SELECT id FROM users"))).all())


async def test_a_change_in_the_unit_that_resealed_counts_again(shared_connection: AsyncConnection) -> None:
    user_id = await add_account(unit(shared_connection, OLD), phone_number=NUMBER)
    uow = unit(shared_connection, NEW, OLD)
    await uow.users.reseal(None, 10)
    row = await uow.users.change(user_id, user_id, {"phone_number": OTHER}, Guard())
    assert row is not None
    assert row.version == 2
