"""CreatePasswordReset: who gets a token, for how long, and that only its digest is kept."""

from datetime import timedelta

import grpc

from service.credentials import opaque_tokens
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import CreatePasswordResetRequest, CreatePasswordResetResponse
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run, select

Code = grpc.StatusCode


async def create(service: Service, parent: str) -> CreatePasswordResetResponse:
    return await service.users.CreatePasswordReset(CreatePasswordResetRequest(parent=parent))


async def lifetime(service: Service) -> timedelta:
    ((kept,),) = await select(service.database_url, "SELECT expire_at - created_at FROM password_resets")
    assert isinstance(kept, timedelta)
    return kept


async def test_a_token_holds_three_days_for_a_new_account_and_ten_minutes_for_one_with_a_password(
    service: Service,
) -> None:
    user = await make_user(service)
    await create(service, user.name)
    assert await lifetime(service) == timedelta(days=3)
    user_id = user.name.removeprefix("users/")
    await run(service.database_url, f"INSERT INTO credentials (user_id, password_hash) VALUES ('{user_id}', 'x')")
    await create(service, user.name)
    assert await lifetime(service) == timedelta(minutes=10)


async def test_the_newest_token_is_the_one_that_is_kept_as_a_digest(service: Service) -> None:
    user = await make_user(service)
    first, second = await create(service, user.name), await create(service, user.name)
    assert first.reset_token != second.reset_token
    opaque = opaque_tokens.parse("twp_", second.reset_token)
    assert opaque is not None
    assert f"users/{opaque.row_id}" == user.name
    assert len(opaque.secret) * 8 == 128
    kept = await select(service.database_url, "SELECT token_hash, expire_at FROM password_resets")
    assert [row[0] for row in kept] == [opaque_tokens.digest(opaque.secret)]
    assert second.expire_time.ToMicroseconds() == round(kept[0][1].timestamp() * 1_000_000)
    assert await kinds(service, user.name) == ["PASSWORD_RESET_CREATED", "PASSWORD_RESET_CREATED", "USER_CREATED"]


async def test_nobody_gets_a_token_for_what_has_no_password(service: Service) -> None:
    gone, program = await deleted_user(service), await make_user(service, role=User.SERVICE)
    await refused(create(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    await refused(create(service, gone.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")
    assert (await refused(create(service, program.name), Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["parent"]
    assert await select(service.database_url, "SELECT * FROM password_resets") == []
