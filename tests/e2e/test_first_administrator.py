"""The first administrator: who gets in by the one-time token, and whom the embedded database has without one."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from persistence.database import Database
from service.errors import AlreadyExists
from service.first_administrator import (
    drafted,
    ensure_local_administrator,
    find_or_make_local,
    make_administrator,
)
from service.users.password_resets import PasswordReset
from taxiway.v1 import auth_service_pb2, session_pb2, user_pb2, user_service_pb2
from tests.e2e.conftest import Service
from tests.e2e.rows import run, select

PASSWORD = "seven lanterns over the harbour"
ADMINISTRATORS = "SELECT username, email, state::text FROM users ORDER BY created_at, id"
LOCAL = ("admin", "admin@localhost", "ACTIVE")


@pytest.fixture
async def db(service: Service) -> Database:
    """A database without any account: the service's own is taken away."""
    await run(service.database_url, "DELETE FROM sessions", "DELETE FROM users")
    return service.lifecycle.db


async def make(db: Database, username: str = "ada") -> PasswordReset:
    return await db.change(make_administrator, None, drafted(f"{username}@example.com", username, ""))


async def sign_in(service: Service, login: str, password: str) -> session_pb2.SessionTokens:
    nobody = await service.with_token(None)
    return await nobody.auth.SignIn(auth_service_pb2.SignInRequest(login=login, password=password), timeout=10)


async def test_the_token_sets_a_password_that_signs_an_administrator_in(service: Service, db: Database) -> None:
    made = await make(db)
    nobody = await service.with_token(None)
    request = auth_service_pb2.SetPasswordRequest(reset_token=made.token, new_password=PASSWORD)
    await nobody.auth.SetPassword(request, timeout=10)
    tokens = await sign_in(service, "ada", PASSWORD)
    ada = await service.with_token(tokens.access_token)
    me = await ada.users.GetUser(user_service_pb2.GetUserRequest(name="users/me"), timeout=10)
    assert (me.name, me.role) == (f"users/{made.user_id}", user_pb2.User.ADMIN)


async def test_the_token_works_once(service: Service, db: Database) -> None:
    made = await make(db)
    nobody = await service.with_token(None)
    request = auth_service_pb2.SetPasswordRequest(reset_token=made.token, new_password=PASSWORD)
    await nobody.auth.SetPassword(request, timeout=10)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await nobody.auth.SetPassword(request, timeout=10)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_the_token_is_in_no_representation(db: Database) -> None:
    made = await make(db)
    assert made.token not in repr(made)


@pytest.mark.parametrize(("email", "username"), [("ADA@example.com", "other"), ("other@example.com", "Ada")])
async def test_a_taken_name_is_refused_and_leaves_nothing(
    service: Service, db: Database, email: str, username: str
) -> None:
    await make(db)
    with pytest.raises(AlreadyExists):
        await db.change(make_administrator, None, drafted(email, username, ""))
    counts = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM password_resets)"
    assert await select(service.database_url, counts) == [(1, 1)]


async def test_the_local_one_is_made_once_however_many_ask_at_a_time(service: Service, db: Database) -> None:
    made = await asyncio.gather(*(ensure_local_administrator(db) for _ in range(8)))
    assert sorted(made) == [False] * 7 + [True]
    assert await select(service.database_url, ADMINISTRATORS) == [LOCAL]


async def test_nobody_signs_in_to_the_local_one_with_a_password(service: Service, db: Database) -> None:
    await ensure_local_administrator(db)
    counts = "SELECT (SELECT count(*) FROM credentials), (SELECT count(*) FROM password_resets)"
    assert await select(service.database_url, counts) == [(0, 0)]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await sign_in(service, "admin", PASSWORD)
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_where_an_administrator_is_none_is_made_and_the_oldest_is_found(db: Database) -> None:
    first = await make(db, "ada")
    await make(db, "bea")
    assert await db.change(find_or_make_local, None, None) == (first.user_id, False)


@pytest.mark.parametrize(
    "change", ["state = 'SUSPENDED'", "deleted_at = now(), purge_at = now() + interval '1 day'", "role = 'USER'"]
)
async def test_one_who_is_suspended_deleted_or_demoted_does_not_count(
    service: Service, db: Database, change: str
) -> None:
    await make(db)
    await run(service.database_url, f"UPDATE users SET {change}")
    assert await ensure_local_administrator(db)
    assert (await select(service.database_url, ADMINISTRATORS))[1] == LOCAL


@pytest.mark.parametrize(("username", "email"), [("Admin", "x@example.com"), ("x", "ADMIN@localhost")])
async def test_where_its_name_is_taken_it_has_another(
    service: Service, db: Database, username: str, email: str
) -> None:
    """Else a user of that name would keep the service from starting."""
    await db.change(make_administrator, None, drafted(email, username, ""))
    await run(service.database_url, "UPDATE users SET role = 'USER'")
    made = await asyncio.gather(*(ensure_local_administrator(db) for _ in range(4)))
    assert sorted(made) == [False] * 3 + [True]
    assert (await select(service.database_url, ADMINISTRATORS))[1:] == [("admin-2", "admin-2@localhost", "ACTIVE")]
