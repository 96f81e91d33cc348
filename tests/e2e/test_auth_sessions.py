"""Sessions: listed by their owner, ended by their client, their owner or an administrator."""

from uuid import uuid4

import grpc
import pytest

from taxiway.v1 import auth_service_pb2 as pb
from taxiway.v1.session_pb2 import Session, SessionTokens
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service, Stubs
from tests.e2e.faults.until import until
from tests.e2e.making import NO_USER, make_user, sign_in, with_password
from tests.e2e.refusals import read, refused
from tests.e2e.rows import run


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode


async def listed(stubs: Stubs, parent: str = "users/me", **fields: object) -> list[Session]:
    response = await stubs.auth.ListSessions(pb.ListSessionsRequest(parent=parent, **fields))  # type: ignore[arg-type]
    return list(response.sessions)


async def called_by(service: Service, tokens: SessionTokens) -> Stubs:
    return await service.with_token(tokens.access_token)


async def refuses(stubs: Stubs) -> bool:
    try:
        await stubs.users.GetUser(GetUserRequest(name="users/me"))
    except grpc.aio.AioRpcError as error:
        return read(error).reason == "UNAUTHENTICATED"
    return False


async def test_sessions_are_listed_newest_first_in_pages_without_those_that_have_ended(service: Service) -> None:
    user = await with_password(service)
    begun = [await sign_in(service, user) for _ in range(4)]
    mine = await called_by(service, begun[0])
    ended = begun[1].session.name.rpartition("/")[2]
    await run(service.database_url, f"UPDATE sessions SET idle_expire_at = now() WHERE id = '{ended}'")
    names = [begun[number].session.name for number in (3, 2, 0)]
    assert [session.name for session in await listed(mine)] == names
    first = await mine.auth.ListSessions(pb.ListSessionsRequest(parent=user.name, page_size=2))
    rest = await mine.auth.ListSessions(
        pb.ListSessionsRequest(parent="users/me", page_size=2, page_token=first.next_page_token)
    )
    assert [session.name for session in (*first.sessions, *rest.sessions)] == names
    assert rest.next_page_token == ""
    request = pb.ListApiKeysRequest(parent=user.name, page_token=first.next_page_token)
    await refused(service.auth.ListApiKeys(request), Code.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")


async def test_an_administrator_lists_the_sessions_of_anybody_who_exists(service: Service) -> None:
    user = await make_user(service)
    assert await listed(service, user.name) == []
    await refused(listed(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    assert (await refused(listed(service, "users/-"), Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["parent"]


async def test_signing_out_ends_the_session_of_the_call_and_no_other(service: Service) -> None:
    user = await with_password(service)
    leaving, staying = [await called_by(service, await sign_in(service, user)) for _ in range(2)]
    assert not await refuses(leaving)
    await leaving.auth.SignOut(pb.SignOutRequest())
    await until(lambda: refuses(leaving), 1.5)
    assert not await refuses(staying)
    assert len(await listed(staying)) == 1
    assert "SIGN_OUT" in await kinds(service, user.name)


async def test_a_call_with_an_api_key_has_no_session_to_end(service: Service) -> None:
    machine = await service.called_by("SERVICE", ("tasks.read",))
    await refused(machine.auth.SignOut(pb.SignOutRequest()), Code.FAILED_PRECONDITION, "NO_SESSION")


async def test_the_owner_revokes_a_session_once_and_a_repetition_gets_the_same_answer(service: Service) -> None:
    user = await with_password(service)
    mine, other = [await sign_in(service, user) for _ in range(2)]
    caller, revoked = await called_by(service, mine), await called_by(service, other)
    request = pb.RevokeSessionRequest(name=other.session.name, request_id=str(uuid4()))
    await caller.auth.RevokeSession(request)
    await until(lambda: refuses(revoked), 1.5)
    again = caller.auth.RevokeSession(request)
    assert await again == pb.RevokeSessionResponse()
    assert ("taxiway-replayed", "true") in list(await again.trailing_metadata())
    missing = pb.RevokeSessionRequest(name=other.session.name)
    await refused(caller.auth.RevokeSession(missing), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert (await kinds(service, user.name)).count("SESSION_REVOKED") == 1


async def test_the_session_of_another_is_out_of_reach_under_ones_own_name(service: Service) -> None:
    user, other = await with_password(service), await with_password(service)
    caller, theirs = await called_by(service, await sign_in(service, user)), await sign_in(service, other)
    session_id = theirs.session.name.rpartition("/")[2]
    request = pb.RevokeSessionRequest(name=f"users/me/sessions/{session_id}")
    await refused(caller.auth.RevokeSession(request), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    request = pb.RevokeSessionRequest(name=theirs.session.name)
    await refused(caller.auth.RevokeSession(request), Code.PERMISSION_DENIED, "PERMISSION_DENIED")
    await service.auth.RevokeSession(request)
    await until(lambda: _refused_after(service, theirs), 1.5)


async def _refused_after(service: Service, tokens: SessionTokens) -> bool:
    return await refuses(await called_by(service, tokens))
