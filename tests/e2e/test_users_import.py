"""ImportUsers: what is taken over, what is answered with its place, and what a repeat does."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import bcrypt
import grpc
import pytest
from argon2 import PasswordHasher
from sqlalchemy import event

from service.credentials import opaque_tokens
from service.users import importing
from service.users.schemas import EDITABLE
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import GetUserRequest, ImportUsersRequest, ImportUsersResponse, UserImport
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service
from tests.e2e.making import make_user, user_draft
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
ARGON2 = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("correct horse battery staple")
BCRYPT = bcrypt.hashpw(b"correct horse battery staple", bcrypt.gensalt(4)).decode()


def row(password_hash: str = "", user_id: str = "", **fields: Any) -> UserImport:
    return UserImport(user=user_draft(**fields), user_id=user_id, password_hash=password_hash)


async def load(service: Service, *messages: Sequence[UserImport]) -> ImportUsersResponse:
    return await service.users.ImportUsers(iter([ImportUsersRequest(users=users) for users in messages]))


def failed(response: ImportUsersResponse) -> list[tuple[int, str, str]]:
    assert len(response.failures) == response.failed
    return [(failure.place, failure.reason, failure.field) for failure in response.failures]


async def test_hashes_are_taken_over_as_they_are_and_others_get_a_token(service: Service) -> None:
    ids = [str(uuid4()) for _ in range(4)]
    hashes = (ARGON2, BCRYPT, "{SSHA}xyz", "")
    response = await load(service, [row(*given, display_name="Ada") for given in zip(hashes, ids, strict=True)])
    assert (response.created, response.failed) == (4, 0)
    kept = await select(service.database_url, "SELECT user_id::text, password_hash FROM credentials")
    assert sorted(kept) == sorted([(ids[0], ARGON2), (ids[1], BCRYPT)])
    assert [reset.user for reset in response.resets] == [f"users/{user_id}" for user_id in ids[2:]]
    digests = await select(
        service.database_url,
        "SELECT 'users/' || user_id, token_hash FROM password_resets WHERE expire_at = created_at + interval '3 days'",
    )
    assert dict(digests) == {reset.user: _digest(reset.reset_token) for reset in response.resets}
    assert await kinds(service, f"users/{ids[0]}") == ["USER_IMPORTED"]
    user = await service.users.GetUser(GetUserRequest(name=f"users/{ids[0]}"))
    assert (user.display_name, user.role, user.version) == ("Ada", User.USER, 1)


def _digest(token: str) -> bytes:
    opaque = opaque_tokens.parse("twp_", token)
    assert opaque is not None
    return opaque_tokens.digest(opaque.secret)


async def test_what_cannot_be_created_is_answered_with_its_place_and_the_rest_is_created(service: Service) -> None:
    there = await make_user(service, username="taken", email="taken@example.com")
    there_id = there.name.removeprefix("users/")
    first = [row(), row(username="TAKEN"), row(email="Taken@example.com"), row(user_id=there_id), row(username="a b")]
    second = [row(email=""), row(user_id="X"), row(username="twice"), row(username="Twice"), row()]
    response = await load(service, first, second)
    assert response.created == 3
    exists, invalid = "RESOURCE_ALREADY_EXISTS", "INVALID_FIELD"
    assert failed(response) == [
        (1, exists, "user.username"),
        (2, exists, "user.email"),
        (3, exists, "user_id"),
        (4, invalid, "user.username"),
        (5, invalid, "user.email"),
        (6, invalid, "user_id"),
        (8, exists, "user.username"),
    ]
    assert all(failure.message for failure in response.failures)
    assert len(response.resets) == 3


async def test_a_repeat_creates_nobody_twice_and_changes_no_password(service: Service) -> None:
    users = [row(ARGON2, str(uuid4())), row(user_id=str(uuid4()))]
    await load(service, users)
    async with unchanged(service.database_url):
        response = await load(service, users)
    assert failed(response) == [(place, "RESOURCE_ALREADY_EXISTS", "user_id") for place in (0, 1)]
    assert not response.resets


async def test_a_service_is_imported_without_a_password_or_a_token(service: Service) -> None:
    made = row(role=User.SERVICE, email="", scopes=["tasks.read"], certificate_uris=["x:1"])
    same = row(role=User.SERVICE, email="", certificate_uris=["x:2", "x:1"])
    response = await load(service, [made, same, row(ARGON2, role=User.SERVICE, email="")])
    assert (response.created, len(response.resets)) == (1, 0)
    assert failed(response) == [
        (1, "RESOURCE_ALREADY_EXISTS", "user.certificate_uris"),
        (2, "INVALID_FIELD", "password_hash"),
    ]


@pytest.mark.parametrize("count", [0, 501])
async def test_a_message_of_none_or_too_many_ends_the_call(service: Service, count: int) -> None:
    refusal = await refused(load(service, [row()] * count), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["users"]


async def test_an_empty_stream_imports_nobody(service: Service) -> None:
    assert await load(service) == ImportUsersResponse()


async def test_no_more_tokens_are_made_than_an_answer_holds(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a smaller limit; the message that would pass it creates nobody."""
    monkeypatch.setattr("service.users.import_messages.RESETS", 3)
    await load(service, [row(), row()], [row(), row(ARGON2)])
    async with unchanged(service.database_url):
        await refused(
            load(service, [row(), row(), row(ARGON2), row(), row()]), Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE"
        )


async def test_the_first_1000_failures_are_named_and_all_are_counted(service: Service) -> None:
    response = await load(service, *[[row(username="")] * 500] * 3)
    assert (response.created, response.failed, len(response.failures)) == (0, 1500, importing.FAILURES)


async def test_500_users_fit_into_one_message(service: Service) -> None:
    assert (await load(service, [row() for _ in range(500)])).created == 500


async def statements(service: Service, users: Sequence[UserImport]) -> list[str]:
    """What the database is asked to import them."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if any(
            word in statement for word in ("INSERT", "FROM users", "pg_advisory")
        ):  # not what a worker reads by itself
            seen.append(statement)

    engine = service.lifecycle.db._engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await load(service, users)).created == len(users)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen


async def test_500_users_take_as_many_statements_as_5(service: Service) -> None:
    """Of every kind: with a hash, without, with a telephone number, a service with a certificate."""

    def kinds_of(count: int) -> list[UserImport]:
        robots = [row(role=User.SERVICE, email="", certificate_uris=[f"x:{count}-{n}"]) for n in range(count // 5)]
        people = [row(ARGON2), row(BCRYPT), row(phone_number="+4930123456"), row("{SSHA}xyz")] * (count // 5)
        return [*robots, *(row(each.password_hash, phone_number=each.user.phone_number) for each in people)]

    await load(service, [row()])  # the caller is known from here on
    few, many = [await statements(service, kinds_of(count)) for count in (5, 500)]
    assert many == few
    assert len(few) == 7


async def test_every_field_of_an_import_is_kept_as_by_create_user(service: Service) -> None:
    """The database reads the rows of a message from JSON: what it makes of them is what was given."""
    person = user_draft(
        display_name='Ada \\ "Grace" \u2028 \U0001f600',
        phone_number="+4930123456",
        time_zone="Asia/Tokyo",
        role=User.ADMIN,
        annotations={"a": '{"b": [1]}', "\u00e9": "\\x00", "null": "null"},
    )
    program = user_draft(role=User.SERVICE, email="", scopes=["users.read", "tasks.write"], certificate_uris=["x:,{}"])
    ids = [str(uuid4()), str(uuid4())]
    given = [UserImport(user=user, user_id=user_id) for user, user_id in zip((person, program), ids, strict=True)]
    assert (await load(service, given)).created == 2
    fields = [field.name for field in User.DESCRIPTOR.fields if field.name in EDITABLE]
    for user_id, wanted in zip(ids, (person, program), strict=True):
        found = await service.users.GetUser(GetUserRequest(name=f"users/{user_id}"))
        wanted.time_zone = wanted.time_zone or "UTC"
        assert (found.version, found.state) == (1, User.ACTIVE)
        assert [getattr(found, field) for field in fields] == [getattr(wanted, field) for field in fields]
    ((actors,),) = await select(
        service.database_url, f"SELECT count(*) FROM users WHERE id = '{ids[0]}' AND created_by = updated_by"
    )
    assert actors == 1


async def test_imports_of_the_same_users_at_once_create_each_of_them_once(service: Service) -> None:
    users = [row(user_id=str(uuid4())) for _ in range(40)]
    responses = await asyncio.gather(load(service, users), load(service, users[::-1]), load(service, users))
    assert sum(response.created for response in responses) == 40
    assert sum(response.failed for response in responses) == 80
    assert len({reset.user for response in responses for reset in response.resets}) == 40
