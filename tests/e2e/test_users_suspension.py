"""SuspendUser, ReactivateUser and DeleteUser: what ends with them, and what comes back."""

from typing import Any

import grpc
import pytest

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import (
    CreatePasswordResetRequest,
    DeleteUserRequest,
    GetUserRequest,
    ReactivateUserRequest,
    SuspendUserRequest,
)
from tests.e2e.audited import events, kinds
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
Request = type[SuspendUserRequest] | type[ReactivateUserRequest]
BOTH = pytest.mark.parametrize("method", ["SuspendUser", "ReactivateUser"])


def call(service: Service, method: str, name: str, **options: Any) -> grpc.aio.UnaryUnaryCall[object, User]:
    request: Request = SuspendUserRequest if method == "SuspendUser" else ReactivateUserRequest
    made: grpc.aio.UnaryUnaryCall[object, User] = getattr(service.users, method)(request(name=name, **options))
    return made


async def rows(service: Service, table: str, name: str) -> int:
    ((count,),) = await select(
        service.database_url, f"SELECT count(*) FROM {table} WHERE user_id = '{name.removeprefix('users/')}'"
    )
    return int(count)


async def test_a_suspended_account_can_be_reactivated_and_both_are_audited(service: Service) -> None:
    user = await make_user(service)
    suspended = await call(service, "SuspendUser", user.name, etag=user.etag)
    assert (suspended.state, suspended.version) == (User.SUSPENDED, 2)
    assert (await service.users.GetUser(GetUserRequest(name=user.name))).state == User.SUSPENDED
    assert (await call(service, "ReactivateUser", user.name)).state == User.ACTIVE
    assert await kinds(service, user.name) == ["USER_CREATED", "USER_REACTIVATED", "USER_SUSPENDED"]
    me = (await service.users.GetUser(GetUserRequest(name="users/me"))).name
    assert {(event.actor, event.subject, event.occurrences) for event in await events(service, user.name)} == {
        (me, user.name, 1)
    }
    methods = {event.method for event in await events(service, user.name)}
    assert methods == {f"taxiway.v1.UserService/{name}" for name in ("CreateUser", "SuspendUser", "ReactivateUser")}


async def test_a_transition_into_the_present_state_is_refused(service: Service) -> None:
    user = await make_user(service)
    async with unchanged(service.database_url):
        refusal = await refused(
            call(service, "ReactivateUser", user.name), Code.FAILED_PRECONDITION, "STATE_TRANSITION"
        )
    assert "ACTIVE" in refusal.message
    await call(service, "SuspendUser", user.name)
    await refused(call(service, "SuspendUser", user.name), Code.FAILED_PRECONDITION, "STATE_TRANSITION")


@BOTH
async def test_a_missing_deleted_or_changed_user_is_refused(service: Service, method: str) -> None:
    gone, user = await deleted_user(service), await make_user(service)
    async with unchanged(service.database_url):
        await refused(call(service, method, NO_USER), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        await refused(call(service, method, gone.name), Code.FAILED_PRECONDITION, "RESOURCE_DELETED")
        await refused(call(service, method, user.name, etag='"1-1"'), Code.ABORTED, "ETAG_MISMATCH")


async def test_suspension_ends_the_sessions_and_leaves_the_keys(service: Service) -> None:
    person, program = await service.accounts.make("USER"), await service.accounts.make("SERVICE", ("users.read",))
    for account in (person, program):
        await call(service, "SuspendUser", account.name)
        await call(service, "ReactivateUser", account.name)
    assert await rows(service, "sessions", person.name) == 0
    assert await rows(service, "api_keys", program.name) == 1


async def test_deletion_ends_sessions_keys_and_resets(service: Service) -> None:
    person, program = await service.accounts.make("USER"), await service.accounts.make("SERVICE", ("users.read",))
    await service.users.CreatePasswordReset(CreatePasswordResetRequest(parent=person.name))
    for account in (person, program):
        await service.users.DeleteUser(DeleteUserRequest(name=account.name))
    for table in ("sessions", "password_resets"):
        assert await rows(service, table, person.name) == 0
    assert await rows(service, "api_keys", program.name) == 0


async def test_an_administrator_may_suspend_itself(service: Service) -> None:
    assert (await call(service, "SuspendUser", "users/me")).state == User.SUSPENDED
