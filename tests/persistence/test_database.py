"""The units of `Database`: what is committed, what is tried again, and until when."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from google.protobuf.wrappers_pb2 import StringValue
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from persistence.database import TRIES, Database, Replayed
from persistence.deadline import set_deadline
from persistence.errors import RequestIdReused, SerializationLost
from persistence.opening import Release, open_database
from persistence.paging import PageQuery
from persistence.repositories.requests import Claim, Rehearsal
from persistence.unit_of_work import UnitOfWork
from tests.e2e.faults.until import until

CALLER = uuid4()


class RefusalError(Exception):
    """What a use case raises."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, [bytes(32)], Release("0.1.0", migrations.head()), purging=False) as opened:
        yield opened


async def add_user(uow: UnitOfWork, caller: UUID, name: str) -> str:
    columns = {"username": name, "username_key": name, "display_name": "", "time_zone": "UTC", "role": "SERVICE"}
    return str((await uow.users.add(uuid4(), caller, columns)).username)


def encode(text: str) -> StringValue:
    return StringValue(value=text)


def claim(request_id: UUID, fingerprint: bytes = bytes(32)) -> Claim:
    return Claim(CALLER, request_id, "a method", fingerprint)


async def names(database: Database) -> list[str]:
    async def listed(uow: UnitOfWork, _caller: UUID, _command: None) -> list[str]:
        return [row.username for row in (await uow.user_pages.page(PageQuery(100))).rows]

    answer = await database.read(listed, CALLER, None, lambda found: StringValue(value=",".join(sorted(found))))
    text = StringValue.FromString(answer).value
    return text.split(",") if text else []


async def test_returning_commits(database: Database) -> None:
    answer = await database.write(add_user, CALLER, "ada", encode)
    assert StringValue.FromString(answer).value == "ada"
    assert await names(database) == ["ada"]


async def test_raising_rolls_back(database: Database) -> None:
    async def refuse(uow: UnitOfWork, caller: UUID, name: str) -> str:
        await add_user(uow, caller, name)
        raise RefusalError

    with pytest.raises(RefusalError):
        await database.write(refuse, CALLER, "ada", encode)
    assert await names(database) == []


@pytest.mark.parametrize("request_id", [None, uuid4()])
async def test_what_cannot_be_encoded_is_not_committed(database: Database, request_id: UUID | None) -> None:
    def fail(_: str) -> StringValue:
        raise ValueError("a lone surrogate, for one")

    claimed = None if request_id is None else claim(request_id)
    with pytest.raises(ValueError, match="surrogate"):
        await database.write(add_user, CALLER, "ada", fail, claimed)
    assert await names(database) == []


async def test_a_claim_that_was_served_answers_the_same_bytes_and_runs_nothing(database: Database) -> None:
    claimed = claim(uuid4())
    first = await database.write(add_user, CALLER, "ada", encode, claimed)
    again = await database.write(add_user, CALLER, "ada", encode, claimed)
    assert isinstance(again, Replayed)
    assert not isinstance(first, Replayed)
    assert bytes(again) == first
    assert await names(database) == ["ada"]


async def test_a_copy_of_the_table_confirms_no_guess_of_what_was_asked(
    database: Database, connection: AsyncConnection
) -> None:
    """A command may hold what few would have to be guessed, as a telephone number."""
    await database.write(add_user, CALLER, "ada", encode, claim(uuid4(), bytes(32)))
    kept = await connection.scalar(text("SELECT fingerprint FROM requests"))
    assert len(kept) == 32
    assert kept not in (bytes(32), sha256(bytes(32)).digest())


async def test_an_outcome_that_release_0_1_0_stored_is_found(database: Database, connection: AsyncConnection) -> None:
    """It kept the fingerprint as it is; another one under the id is refused as ever."""
    claimed = claim(uuid4(), bytes(32))
    first = await database.write(add_user, CALLER, "ada", encode, claimed)
    await connection.execute(text("UPDATE requests SET fingerprint = :plain"), {"plain": claimed.fingerprint})
    await connection.commit()
    assert bytes(await database.write(add_user, CALLER, "ada", encode, claimed)) == first
    with pytest.raises(RequestIdReused):
        await database.write(add_user, CALLER, "ada", encode, claim(claimed.request_id, bytes([2]) * 32))


async def test_an_outcome_is_found_while_a_new_key_replaces_the_one_it_was_stored_under(database_url: str) -> None:
    release, claimed, (old, new) = Release("0.1.0", migrations.head()), claim(uuid4()), (bytes(32), bytes([1]) * 32)
    async with open_database(database_url, [old], release, purging=False) as before:
        first = await before.write(add_user, CALLER, "ada", encode, claimed)
    async with open_database(database_url, [new, old], release, purging=False) as after:
        again = await after.write(add_user, CALLER, "ada", encode, claimed)
        with pytest.raises(RequestIdReused):
            await after.write(add_user, CALLER, "ada", encode, claim(claimed.request_id, bytes([2]) * 32))
    assert isinstance(again, Replayed)
    assert bytes(again) == first


async def test_an_outcome_that_is_purged_while_it_is_looked_up_makes_the_unit_run_again(
    database: Database, connection: AsyncConnection
) -> None:
    """The claim finds the id taken, waits, and finds neither the row nor its outcome: the other was rolled back."""
    claimed = claim(uuid4())
    await database.write(add_user, CALLER, "ada", encode, claimed)
    await connection.exec_driver_sql("DELETE FROM requests")
    await connection.exec_driver_sql("DELETE FROM users")
    second = asyncio.create_task(database.write(add_user, CALLER, "ada", encode, claimed))
    await until(lambda: database.running == 1, 5)
    await connection.commit()
    assert StringValue.FromString(await second).value == "ada"
    assert await names(database) == ["ada"]


async def test_a_unit_is_tried_three_times_and_not_past_the_deadline(database: Database) -> None:
    tries = 0

    async def lose(_uow: UnitOfWork, _caller: UUID, _name: str) -> str:
        nonlocal tries
        tries += 1
        raise SerializationLost("on purpose")

    with pytest.raises(SerializationLost):
        await database.write(lose, CALLER, "ada", encode)
    assert tries == TRIES
    tries = 0
    set_deadline(asyncio.get_running_loop().time())
    with pytest.raises(SerializationLost):
        await database.write(lose, CALLER, "ada", encode)
    assert tries == 1


async def test_a_rehearsal_answers_and_is_rolled_back_after_a_lost_race_too(database: Database) -> None:
    tries = 0

    async def lose_once(uow: UnitOfWork, caller: UUID, name: str) -> str:
        nonlocal tries
        tries += 1
        made = await add_user(uow, caller, name)
        if tries == 1:
            raise SerializationLost("on purpose")
        return made

    for _ in range(2):
        answer = await database.write(lose_once, CALLER, "ada", encode, Rehearsal())
        assert (StringValue.FromString(answer).value, isinstance(answer, Replayed)) == ("ada", False)
        assert await names(database) == []
    assert tries == 3


async def add_user_once(uow: UnitOfWork, caller: UUID, name: str) -> int:
    await add_user(uow, caller, name)
    return len(name)


async def count_users(uow: UnitOfWork, _caller: UUID, _command: None) -> int:
    return len((await uow.user_pages.page(PageQuery(100))).rows)


async def test_change_commits_and_look_reads_and_both_answer_the_result_as_it_is(database: Database) -> None:
    assert await database.look(count_users, CALLER, None) == 0
    assert await database.change(add_user_once, CALLER, "ada") == 3
    assert await database.look(count_users, CALLER, None) == 1


async def test_change_rolls_back_where_it_raises(database: Database) -> None:
    async def refuse(uow: UnitOfWork, caller: UUID, name: str) -> None:
        await add_user(uow, caller, name)
        raise RefusalError

    with pytest.raises(RefusalError):
        await database.change(refuse, CALLER, "ada")
    assert await names(database) == []


async def test_change_runs_the_whole_unit_again_after_a_lost_race(database: Database) -> None:
    tries = 0

    async def lose_once(uow: UnitOfWork, caller: UUID, name: str) -> int:
        nonlocal tries
        tries += 1
        await add_user(uow, caller, name)
        if tries == 1:
            raise SerializationLost("on purpose")
        return tries

    assert await database.change(lose_once, CALLER, "ada") == 2
    assert await names(database) == ["ada"]


async def test_change_goes_on_where_its_caller_leaves(database: Database) -> None:
    free = asyncio.Event()

    async def wait(uow: UnitOfWork, caller: UUID, name: str) -> str:
        await free.wait()
        return await add_user(uow, caller, name)

    call = asyncio.create_task(database.change(wait, CALLER, "ada"))
    await until(lambda: database.running == 1, 5)
    call.cancel()
    free.set()
    assert await database.settle(5) == 0
    assert await names(database) == ["ada"]


async def test_settle_waits_for_units_and_counts_those_that_go_on(database: Database) -> None:
    free = asyncio.Event()

    async def wait(uow: UnitOfWork, caller: UUID, name: str) -> str:
        await free.wait()
        return await add_user(uow, caller, name)

    call = asyncio.create_task(database.write(wait, CALLER, "ada", encode))
    await until(lambda: database.running == 1, 5)
    call.cancel()
    assert await database.settle(0.05) == 1
    free.set()
    assert await database.settle(5) == 0
    assert await names(database) == ["ada"]
