"""All that is kept of one person is shown to it, and goes when it is erased: every table says how."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Uuid, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import Base
from persistence.repositories.base import Guard, Moment
from persistence.repositories.personal_policy import EXPORTED, POLICY, Anonymise, Keep, Remove
from persistence.repositories.requests import Claim
from persistence.unit_of_work import UnitOfWork
from tests.persistence.people import COUNTS, NUMBER, TASK, answered, person
from tests.persistence.units import add_account, unit


def test_every_table_has_a_policy_and_every_reason_is_given() -> None:
    assert set(POLICY) == set(Base.metadata.tables)
    assert all(treatment.reason for treatment in POLICY.values() if isinstance(treatment, Keep))


def test_every_table_that_names_a_person_is_shown_to_it() -> None:
    """A column of an account's id makes it one; those of who only made or changed a row do not.

    Two tables say nothing of it: whose rights changed in the last hour, and a number to be locked.
    """
    silent = {"access_changes", "owner_positions"}
    names = {"user_id", "owner_id", "caller_id", "subject_id", "actor_id"}
    naming = {name for name, table in Base.metadata.tables.items() if names & set(table.columns.keys())}
    assert set(EXPORTED) == naming - silent | {"users"}
    removed = {name for name, treatment in POLICY.items() if isinstance(treatment, Remove | Anonymise)}
    assert removed <= set(EXPORTED) | silent


def test_every_column_of_the_account_is_anonymised_or_says_nothing_of_a_person() -> None:
    treatment, users = POLICY["users"], Base.metadata.tables["users"]
    assert isinstance(treatment, Anonymise)
    says_nothing = {"id", "role", "created_at", "updated_at", "version", "created_by", "updated_by"}
    assert set(treatment.columns(users)) == set(users.columns.keys()) - says_nothing


def test_nothing_secret_is_shown() -> None:
    for name, exported in EXPORTED.items():
        shown = [column for column in Base.metadata.tables[name].c if column.name not in exported.hidden]
        assert not [column.name for column in shown if "hash" in column.name or "key" in column.name]
        assert isinstance(Base.metadata.tables[name].c[exported.key].type, Uuid)


async def test_erasing_removes_the_person_from_every_table_and_counts(shared_connection: AsyncConnection) -> None:
    alice, bob = [await person(shared_connection, name) for name in ("alice", "bob")]
    uow = unit(shared_connection)
    assert await uow.personal.erase(alice) == COUNTS
    left = await shared_connection.scalars(text("SELECT users::text FROM users"))
    assert not [row for row in left if "alice" in row.replace(str(alice), "")]
    for table in COUNTS.keys() - {"users"}:
        key = POLICY[table]
        assert isinstance(key, Remove)
        owned = await shared_connection.scalars(text(f"SELECT DISTINCT {key.key} FROM {table}"))
        assert owned.all() == [bob], table
    assert len(await uow.audit.list(alice, None, 9)) == 2, "ids stay for 365 days"
    assert await uow.personal.erase(bob) == COUNTS


TASK_ID = uuid4()
WRITES: dict[str, Callable[[UnitOfWork, UUID], Awaitable[object]]] = {
    "the account": lambda uow, user: uow.users.change(user, user, {"display_name": "new"}, Guard()),
    "a new task": lambda uow, user: uow.tasks.add(user, uuid4(), user, TASK),
    "a task": lambda uow, user: uow.tasks.change((user, TASK_ID), user, {"title": "new"}, Guard()),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_what_others_were_answered_who_wrote_the_account_or_its_tasks_goes_and_nothing_else(
    shared_connection: AsyncConnection, write: Callable[[UnitOfWork, UUID], Awaitable[object]]
) -> None:
    """Each call is a unit of its own. What is counted is what the person itself was answered, and these."""
    alice, bob = [await person(shared_connection, name) for name in ("alice", "bob")]
    for user in (alice, bob):
        await unit(shared_connection).tasks.add(user, TASK_ID, user, TASK)
    claims = []
    for user in (alice, bob):
        uow = unit(shared_connection)
        assert await write(uow, user) is not None
        claims.append(await answered(uow, uuid4(), "taxiway.v1.UserService/UpdateUser"))
    uow = unit(shared_connection)
    assert (await uow.personal.erase(alice))["requests"] == 3
    found = await shared_connection.scalars(
        text("SELECT request_id FROM requests WHERE caller_id <> :bob"), {"bob": bob}
    )
    assert found.all() == [claims[1].request_id]
    assert await uow.requests.claim(claims[1]) == b"an answer"


async def test_what_is_answered_about_an_account_that_was_just_made_goes_with_it(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    robot = await add_account(uow)
    await answered(uow, uuid4(), "taxiway.v1.UserService/CreateUser")
    assert (await uow.personal.erase(robot))["requests"] == 1


async def test_of_the_account_nothing_but_its_id_is_left_and_it_goes_in_30_days(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    alice = await person(shared_connection, "alice")
    await uow.personal.erase(alice)
    row = await uow.users.get(alice)
    assert row is not None
    nobody = f"erased-{alice}"
    assert (row.username, row.username_key, row.email, row.email_key) == (
        nobody,
        nobody,
        f"{nobody}@invalid",
        f"{nobody}@invalid",
    )
    assert (row.display_name, row.time_zone, row.annotations, row.phone_number) == ("", "UTC", {}, None)
    assert (row.state, row.scopes, row.certificate_uris) == ("SUSPENDED", [], [])
    assert row.purge_at - row.deleted_at == timedelta(days=30)
    await add_account(uow, "alice", role="USER")  # its mail address and user name are free


async def test_an_account_that_is_deleted_already_keeps_its_time_and_one_without_an_address_gets_none(
    shared_connection: AsyncConnection,
) -> None:
    uow = unit(shared_connection)
    robot = await add_account(uow, scopes=["tasks.read"], certificate_uris=["spiffe://a/b"])
    deletion = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
    before = await uow.users.change(robot, robot, deletion, Guard())
    await shared_connection.execute(text("UPDATE users SET purge_at = purge_at - interval '9 days'"))
    assert (await uow.personal.erase(robot))["users"] == 1
    row = await uow.users.get(robot)
    assert row is not None
    assert before is not None
    assert (row.email, row.email_key, row.deleted_at) == (None, None, before.deleted_at)
    assert row.purge_at == before.purge_at - timedelta(days=9)


@pytest.mark.parametrize("by_itself", [True, False])
async def test_the_claim_of_a_call_under_way_stays_and_is_not_counted(
    shared_connection: AsyncConnection, by_itself: bool
) -> None:
    """EraseUser itself has one: its outcome is stored after the erasure, so that a repeat is answered alike."""
    alice = await person(shared_connection, "alice")
    uow = unit(shared_connection)
    claim = Claim(alice if by_itself else uuid4(), uuid4(), "taxiway.v1.UserService/EraseUser", bytes(32))
    assert await uow.requests.claim(claim) is None
    assert await uow.personal.erase(alice) == COUNTS
    await uow.requests.store(claim, b"counts")
    assert await uow.requests.claim(claim) == b"counts"


async def test_nothing_brings_an_erased_account_back(shared_connection: AsyncConnection) -> None:
    """The guard does not find it, and the database refuses whatever goes past the guard. A deleted one comes back."""
    uow = unit(shared_connection)
    alice, bob = await person(shared_connection, "alice"), await person(shared_connection, "bob")
    await uow.personal.erase(alice)
    await uow.users.change(bob, bob, {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}, Guard())
    erased = await uow.users.get_standing(alice)
    assert erased is not None
    assert erased.erased_at == erased.deleted_at
    undeletion: dict[str, object] = {"deleted_at": None, "purge_at": None}
    assert await uow.users.change(alice, alice, undeletion, Guard(deleted=True)) is None
    assert await uow.users.change(alice, alice, {"state": "ACTIVE"}, Guard()) is None
    assert await uow.users.change(alice, alice, {"state": "ACTIVE"}, Guard(deleted=True)) is None
    returned = await uow.users.change(bob, bob, undeletion, Guard(deleted=True))
    assert returned is not None
    assert returned.erased_at is None
    with pytest.raises(DBAPIError, match="ck_users_erased_is_deleted"):
        await shared_connection.execute(text("UPDATE users SET deleted_at = NULL, purge_at = NULL"))


async def exported(uow: UnitOfWork, user_id: UUID, limit: int) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for table, shown in EXPORTED.items():
        after, rows = None, found.setdefault(table, [])
        while page := await uow.personal.export(user_id, table, after, limit):
            assert len(page) <= limit
            rows += [dict(row) for row in page]
            after = page[-1][shown.key]
    return found


@pytest.mark.parametrize("limit", [1, 100])
async def test_the_export_holds_all_rows_of_the_person_and_no_other_page_by_page(
    shared_connection: AsyncConnection, limit: int
) -> None:
    uow = unit(shared_connection)
    alice, _ = await person(shared_connection, "alice"), await person(shared_connection, "bob")
    found = await exported(uow, alice, limit)
    counted = {table: count for table, count in COUNTS.items() if table != "owner_positions"}
    assert {table: len(rows) for table, rows in found.items()} == counted | {"audit_log": 3}
    (account,) = found["users"]
    assert (account["username"], account["email"], account["phone_number"]) == ("alice", "alice@b", NUMBER)
    assert set(found["credentials"][0]) == {"user_id", "created_at", "updated_at"}
    assert found["tags"][0]["display_name"] == "Garden"
    assert [task["project_id"] for task in found["tasks"]] == [found["projects"][0]["id"]] * 2
    assert {task["parent_id"] for task in found["tasks"]} == {None, found["tasks"][0]["id"]}
    for task in found["tasks"]:
        assert (task["tags"], task["metadata"], "search" in task) == (["garden"], {"rooms": [{"floor": 3}]}, False)
    assert not [row for rows in found.values() for row in rows if "hash of" in str(row) or "an answer" in str(row)]
    events = {row["event"] for row in found["audit_log"]}
    assert events == {"SIGN_IN", "USER_UPDATED", "USER_SUSPENDED"}
