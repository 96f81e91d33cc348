"""RefreshSession: tokens are used once, a lost answer is forgiven once, and a copy ends the session."""

from uuid import UUID

import grpc
import pytest

from service.credentials.opaque_tokens import RefreshTokens, make
from taxiway.v1.auth_service_pb2 import RefreshSessionRequest
from taxiway.v1.session_pb2 import SessionTokens
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.audited import events, kinds
from tests.e2e.conftest import KEYS, Service
from tests.e2e.faults.until import until
from tests.e2e.making import sign_in, with_password
from tests.e2e.refusals import read, refused
from tests.e2e.rows import run, select


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode


async def refresh(service: Service, token: str) -> SessionTokens:
    nobody = await service.with_token(None)
    return await nobody.auth.RefreshSession(RefreshSessionRequest(refresh_token=token))


async def refuses(service: Service, token: str) -> None:
    await refused(refresh(service, token), Code.UNAUTHENTICATED, "UNAUTHENTICATED")


async def test_each_refresh_answers_tokens_of_the_same_session_that_let_the_caller_in(service: Service) -> None:
    user = await with_password(service)
    tokens = await sign_in(service, user)
    for _ in range(3):
        after = await refresh(service, tokens.refresh_token)
        assert after.session.name == tokens.session.name
        assert after.session.expire_time.ToMicroseconds() > tokens.session.expire_time.ToMicroseconds()
        assert after.session.create_time == tokens.session.create_time
        assert after.refresh_token != tokens.refresh_token
        caller = await service.with_token(after.access_token)
        assert (await caller.users.GetUser(GetUserRequest(name="users/me"))).name == user.name
        tokens = after


async def test_after_a_lost_answer_the_token_before_may_be_used_once_more(service: Service) -> None:
    """The answer that was lost is worth nothing then: who comes with its token has read along, and ends it all."""
    tokens = await sign_in(service, await with_password(service))
    lost = await refresh(service, tokens.refresh_token)
    again = await refresh(service, tokens.refresh_token)
    assert again.refresh_token != lost.refresh_token
    newest = await refresh(service, again.refresh_token)
    await refuses(service, lost.refresh_token)
    await refuses(service, newest.refresh_token)


async def test_a_parent_that_was_used_twice_ends_the_session(service: Service) -> None:
    user = await with_password(service)
    tokens = await sign_in(service, user)
    await refresh(service, tokens.refresh_token)
    again = await refresh(service, tokens.refresh_token)
    await refuses(service, tokens.refresh_token)
    await refuses(service, again.refresh_token)
    assert await select(service.database_url, f"SELECT 1 FROM sessions WHERE user_id = '{user.name[6:]}'") == []


async def test_a_token_older_than_the_parent_ends_the_session_everywhere_within_a_second(service: Service) -> None:
    user = await with_password(service)
    first = await sign_in(service, user)
    second = await refresh(service, first.refresh_token)
    third = await refresh(service, second.refresh_token)
    caller = await service.with_token(third.access_token)
    await caller.users.GetUser(GetUserRequest(name="users/me"))
    await refuses(service, first.refresh_token)
    await refuses(service, third.refresh_token)

    async def is_refused() -> bool:
        try:
            await caller.users.GetUser(GetUserRequest(name="users/me"))
        except grpc.aio.AioRpcError as error:
            return read(error).reason == "UNAUTHENTICATED"
        return False

    await until(is_refused, 1.5)
    assert "REFRESH_TOKEN_REUSED" in await kinds(service, user.name)
    (reused,) = [event for event in await events(service, user.name) if event.kind == event.REFRESH_TOKEN_REUSED]
    assert reused.object_id == first.session.name.rpartition("/")[2]


async def test_who_guesses_ends_nobodys_session(service: Service) -> None:
    """The id of a session is no secret: without a token that was made here it does nothing."""
    tokens = await sign_in(service, await with_password(service))
    session_id = UUID(tokens.session.name.rpartition("/")[2])
    await refuses(service, make("twr_", session_id, bytes(48)))
    await refuses(service, RefreshTokens([bytes([1]) * 32]).make(session_id)[0])
    await refresh(service, tokens.refresh_token)


async def test_a_token_of_ours_that_was_never_given_ends_the_session(service: Service) -> None:
    """It could come from nobody but who holds the service's key; the negative control of the guess."""
    tokens = await sign_in(service, await with_password(service))
    session_id = UUID(tokens.session.name.rpartition("/")[2])
    await refuses(service, RefreshTokens(KEYS.values).make(session_id)[0])
    await refuses(service, tokens.refresh_token)


@pytest.mark.parametrize("token", ["", "twr_", "nonsense", "twr_" + "0" * 92, "\x00", "twr_é", "a" * 100_000])
async def test_what_is_no_token_is_refused_like_one_that_does_not_hold(service: Service, token: str) -> None:
    await refuses(service, token)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sessions SET idle_expire_at = now()",
        "UPDATE users SET state = 'SUSPENDED' WHERE role = 'USER'",
        "UPDATE users SET role = 'SERVICE' WHERE role = 'USER'",
        "UPDATE users SET deleted_at = now(), purge_at = now() + interval '30 days' WHERE role = 'USER'",
        "DELETE FROM sessions",
    ],
)
async def test_a_session_that_has_ended_is_refused_and_nothing_is_written(service: Service, statement: str) -> None:
    tokens = await sign_in(service, await with_password(service))
    await run(service.database_url, statement)
    before = await select(service.database_url, "SELECT * FROM sessions ORDER BY id")
    await refuses(service, tokens.refresh_token)
    assert await select(service.database_url, "SELECT * FROM sessions ORDER BY id") == before


async def test_no_refresh_lets_a_session_live_for_more_than_ninety_days(service: Service) -> None:
    tokens = await sign_in(service, await with_password(service))
    (session,) = [tokens.session.name.rpartition("/")[2]]
    soon = "expire_at = now() + interval '1 day', idle_expire_at = now() + interval '1 day'"
    await run(service.database_url, f"UPDATE sessions SET {soon} WHERE id = '{session}'")
    after = await refresh(service, tokens.refresh_token)
    ((left,),) = await select(
        service.database_url, f"SELECT expire_at = idle_expire_at FROM sessions WHERE id = '{session}'"
    )
    assert left is True
    assert after.session.expire_time.seconds < tokens.session.expire_time.seconds
