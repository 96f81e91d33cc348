"""SignIn: who gets in, with what, and what those who do not are told."""

import asyncio

import bcrypt
import grpc
import pytest
from argon2 import PasswordHasher
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2 as details

from taxiway.v1.auth_service_pb2 import SignInRequest
from taxiway.v1.session_pb2 import SessionTokens
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service, in_process
from tests.e2e.making import PASSWORD, make_user, with_password
from tests.e2e.refusals import refused
from tests.e2e.rows import run, select

Code = grpc.StatusCode


async def sign_in(service: Service, login: str, password: str = PASSWORD) -> SessionTokens:
    nobody = await service.with_token(None)
    return await nobody.auth.SignIn(SignInRequest(login=login, password=password))


async def test_a_user_signs_in_by_user_name_or_mail_address_without_regard_to_case(service: Service) -> None:
    user = await with_password(service, username="Ada.Lovelace", email="Ada@Example.com")
    for login in ("Ada.Lovelace", "ADA.LOVELACE", "Ada@Example.com", "ada@eXAMPLE.com", "ａda@example.com"):
        tokens = await sign_in(service, login)
        assert tokens.session.name.startswith(f"{user.name}/sessions/")
        caller = await service.with_token(tokens.access_token)
        assert (await caller.users.GetUser(GetUserRequest(name="users/me"))).name == user.name


async def test_the_answer_tells_the_session_and_when_the_tokens_end(service: Service) -> None:
    user = await with_password(service)
    tokens = await sign_in(service, user.username)
    session = tokens.session
    assert tokens.access_expire_time.seconds - session.create_time.seconds in range(595, 601)
    assert session.expire_time.ToMicroseconds() - session.create_time.ToMicroseconds() == 14 * 86_400 * 1_000_000
    assert session.peer == "127.0.0.1"
    assert session.user_agent.startswith("grpc-python-asyncio")
    assert session.last_use_time == session.create_time
    assert tokens.refresh_token.startswith("twr_")
    assert await kinds(service, user.name) == ["PASSWORD_RESET_CREATED", "PASSWORD_SET", "SIGN_IN", "USER_CREATED"]


async def test_each_sign_in_begins_a_session_of_its_own(service: Service) -> None:
    user = await with_password(service)
    first, second = await asyncio.gather(sign_in(service, user.username), sign_in(service, user.username))
    assert first.session.name != second.session.name
    assert first.refresh_token != second.refresh_token


@pytest.mark.parametrize("kind", ["unknown", "unknown mail", "suspended", "deleted", "no password", "wrong", "service"])
async def test_who_is_not_let_in_is_told_the_same_byte_for_byte(service: Service, kind: str) -> None:
    known, other = await with_password(service), await with_password(service)
    unlike = await _told(service, known.username, "seventeen blue herons")
    login, password = other.username, PASSWORD
    if kind.startswith("unknown"):
        login = "nobody@example.com" if kind == "unknown mail" else "nobody"
    elif kind == "suspended":
        await run(service.database_url, f"UPDATE users SET state = 'SUSPENDED' WHERE username = '{login}'")
    elif kind == "deleted":
        gone = "deleted_at = now(), purge_at = now() + interval '30 days'"
        await run(service.database_url, f"UPDATE users SET {gone} WHERE username = '{login}'")
    elif kind == "no password":
        login = (await make_user(service)).username
    elif kind == "service":
        await run(service.database_url, f"UPDATE users SET role = 'SERVICE' WHERE username = '{login}'")
    else:
        password = PASSWORD + " "
    assert await _told(service, login, password) == unlike


async def _told(service: Service, login: str, password: str) -> tuple[object, ...]:
    """All that the caller sees: with a request id of its own there is nothing that differs from call to call."""
    nobody = await service.with_token(None)
    request = SignInRequest(login=login, password=password)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await nobody.auth.SignIn(request, metadata=(("x-request-id", "the-same"),))
    error = caught.value
    assert error.code() is Code.UNAUTHENTICATED
    return error.code(), error.details(), tuple(error.initial_metadata() or ()), tuple(error.trailing_metadata() or ())


async def test_a_password_is_compared_byte_by_byte_as_it_is_sent(service: Service) -> None:
    composed, decomposed = "sixteen caf\u00e9s à gogo", "sixteen cafe\u0301s à gogo"
    user = await make_user(service)
    await _set_hash(service, user.name, PasswordHasher(1, 8192, 1).hash(composed))
    await sign_in(service, user.username, composed)
    for wrong in (decomposed, f" {composed}", f"{composed} ", composed.upper()):
        await refused(sign_in(service, user.username, wrong), Code.UNAUTHENTICATED, "UNAUTHENTICATED")


@pytest.mark.parametrize("password", ["", "\x00", "a" * 1025])
async def test_what_no_password_can_be_is_refused_and_counts_as_no_attempt(service: Service, password: str) -> None:
    refusal = await refused(sign_in(service, "ada", password), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["password"]
    assert await select(service.database_url, "SELECT * FROM sign_in_attempts") == []


@pytest.mark.parametrize(
    "stored",
    [
        PasswordHasher(2, 16_384, 1).hash(PASSWORD),
        PasswordHasher(1, 8192, 2).hash(PASSWORD),
        bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    ],
    ids=["other parameters", "other lanes", "bcrypt"],
)
async def test_a_hash_of_other_parameters_is_made_anew_by_the_sign_in_that_shows_the_password(
    service: Service, stored: str
) -> None:
    user = await make_user(service)
    await _set_hash(service, user.name, stored)
    await refused(sign_in(service, user.username, "seventeen blue herons"), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert await _hashes(service) == [stored]
    await sign_in(service, user.username)
    (renewed,) = await _hashes(service)
    assert renewed.startswith("$argon2id$v=19$m=8192,t=1,p=1$")
    await sign_in(service, user.username)
    assert await _hashes(service) == [renewed]


async def test_too_many_attempts_are_told_when_to_come_again(database_url: str) -> None:
    async with in_process(database_url, sign_in_limit=3) as service:
        for _ in range(3):
            await refused(sign_in(service, "ada", "wrong"), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        refusal = await refused(sign_in(service, "ada"), Code.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        delay = refusal.only(details.RetryInfo).retry_delay
        assert 0 < delay.ToMilliseconds() <= 900_000
        assert "ada" not in str(MessageToDict(refusal.only(details.ErrorInfo)))


async def test_more_passwords_than_the_pool_takes_are_told_to_come_again(database_url: str) -> None:
    async with in_process(database_url, hashing_threads=1, argon2_memory=65_536) as service:
        calls = [sign_in(service, f"user-{number}") for number in range(60)]
        told = await asyncio.gather(*calls, return_exceptions=True)
    codes = {each.code() for each in told if isinstance(each, grpc.aio.AioRpcError)}
    assert codes == {Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED}


async def test_no_answer_with_a_secret_is_compressed(service: Service) -> None:
    user = await with_password(service)
    nobody = await service.with_token(None)
    call = nobody.auth.SignIn(SignInRequest(login=user.username, password=PASSWORD), compression=grpc.Compression.Gzip)
    await call
    assert "grpc-encoding" not in dict(await call.initial_metadata())


async def _set_hash(service: Service, name: str, stored: str) -> None:
    user_id = name.removeprefix("users/")
    await run(
        service.database_url, f"INSERT INTO credentials (user_id, password_hash) VALUES ('{user_id}', '{stored}')"
    )


async def _hashes(service: Service) -> list[str]:
    return [stored for (stored,) in await select(service.database_url, "SELECT password_hash FROM credentials")]
