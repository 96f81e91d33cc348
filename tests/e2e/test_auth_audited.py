"""What fails in AuthService is in the audit log, once: with its account where that is known, else counted together."""

from uuid import UUID

import grpc

from taxiway.v1 import auth_service_pb2 as pb
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.until import until
from tests.e2e.making import PASSWORD, sign_in, with_password
from tests.e2e.refusals import refused
from tests.e2e.rows import select

Code = grpc.StatusCode
WRONG = "seventeen blue herons"
SERVICE = "taxiway.v1.AuthService"
FAILED = "AUTHENTICATION_FAILED"


async def recorded(service: Service, method: str) -> list[tuple[object, ...]]:
    """Event, actor, subject, reason and how often, of the failures of a method."""
    columns = "event::text, actor_id, subject_id, reason, sum(occurrences)::int"
    failed = f"method = '{SERVICE}/{method}' AND event IN ('{FAILED}', 'SIGN_IN_FAILED')"
    return await select(service.database_url, f"SELECT {columns} FROM audit_log WHERE {failed} GROUP BY 1, 2, 3, 4")


async def noted(service: Service) -> None:
    """All that the chain has noted by now is written: what it notes is written in its order."""
    request = pb.RefreshSessionRequest(refresh_token="nonsense")
    await refused(service.auth.RefreshSession(request), Code.UNAUTHENTICATED, "UNAUTHENTICATED")

    async def is_written() -> bool:
        return bool(await recorded(service, "RefreshSession"))

    await until(is_written, 5)
    assert await recorded(service, "RefreshSession") == [(FAILED, None, None, "UNAUTHENTICATED", 1)]


async def test_a_failed_sign_in_is_recorded_once_and_one_that_has_to_wait_too(database_url: str) -> None:
    async with in_process(database_url, sign_in_limit=1) as service:
        user = await with_password(service)
        request = pb.SignInRequest(login=user.username, password=WRONG)
        await refused(service.auth.SignIn(request), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        await refused(service.auth.SignIn(request), Code.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        await noted(service)
        assert sorted(await recorded(service, "SignIn"), key=str) == [
            (FAILED, None, None, "TOO_MANY_ATTEMPTS", 1),
            ("SIGN_IN_FAILED", None, UUID(user.name.removeprefix("users/")), "", 1),
        ]


async def test_a_wrong_old_password_is_recorded_once_with_who_gave_it(service: Service) -> None:
    user = await with_password(service)
    caller = await service.with_token((await sign_in(service, user)).access_token)
    request = pb.ChangePasswordRequest(old_password=WRONG, new_password=PASSWORD + " of mine")
    await refused(caller.auth.ChangePassword(request), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    await noted(service)
    user_id = UUID(user.name.removeprefix("users/"))
    assert await recorded(service, "ChangePassword") == [(FAILED, user_id, user_id, "UNAUTHENTICATED", 1)]


async def test_a_copied_refresh_token_is_recorded_once_as_what_it_is(service: Service) -> None:
    tokens = await sign_in(service, await with_password(service))
    first = pb.RefreshSessionRequest(refresh_token=tokens.refresh_token)
    for _ in range(2):
        await service.auth.RefreshSession(first)
    await refused(service.auth.RefreshSession(first), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    await noted(service)
    reused = "SELECT count(*) FROM audit_log WHERE event = 'REFRESH_TOKEN_REUSED'"
    assert await select(service.database_url, reused) == [(1,)]
