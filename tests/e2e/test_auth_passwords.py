"""ChangePassword and SetPassword: who chooses a password, which one, and what ends with the old one."""

from uuid import UUID, uuid4

import grpc
import pytest

from service.credentials.opaque_tokens import make
from taxiway.v1 import auth_service_pb2 as pb
from taxiway.v1.session_pb2 import SessionTokens
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service, Stubs, in_process
from tests.e2e.faults.until import until
from tests.e2e.making import PASSWORD, make_user, password_reset, sign_in, with_password
from tests.e2e.refusals import Refusal, read, refused
from tests.e2e.rows import run, select

Code = grpc.StatusCode
NEW = "nineteen grey herons"
WEAK = ["short", "a" * 14, "a" * 1025, "passwordpassword", f"{NEW}\x00", "", "é" * 7]


async def change(stubs: Stubs, old: str = PASSWORD, new: str = NEW) -> int:
    request = pb.ChangePasswordRequest(old_password=old, new_password=new)
    return (await stubs.auth.ChangePassword(request)).ended_sessions


async def set_password(service: Service, token: str, new: str = NEW) -> str:
    nobody = await service.with_token(None)
    return (await nobody.auth.SetPassword(pb.SetPasswordRequest(reset_token=token, new_password=new))).user


async def enters(service: Service, login: str, password: str) -> SessionTokens:
    return await service.auth.SignIn(pb.SignInRequest(login=login, password=password))


async def wrong(service: Service, login: str, password: str) -> Refusal:
    return await refused(enters(service, login, password), Code.UNAUTHENTICATED, "UNAUTHENTICATED")


async def is_refused(stubs: Stubs) -> bool:
    try:
        await stubs.users.GetUser(GetUserRequest(name="users/me"))
    except grpc.aio.AioRpcError as error:
        return read(error).reason == "UNAUTHENTICATED"
    return False


async def test_a_changed_password_ends_the_other_sessions_and_the_one_that_called_lives_on(service: Service) -> None:
    user = await with_password(service)
    token = await password_reset(service, user.name)
    mine, other, third = [await sign_in(service, user) for _ in range(3)]
    caller, ended = await service.with_token(mine.access_token), await service.with_token(other.access_token)
    assert not await is_refused(ended)
    assert await change(caller) == 2
    await until(lambda: is_refused(ended), 1.5)
    assert not await is_refused(caller)
    refresh = pb.RefreshSessionRequest(refresh_token=third.refresh_token)
    await refused(service.auth.RefreshSession(refresh), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    await service.auth.RefreshSession(pb.RefreshSessionRequest(refresh_token=mine.refresh_token))
    await wrong(service, user.username, PASSWORD)
    await enters(service, user.username, NEW)
    await refused(set_password(service, token), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert (await kinds(service, user.name)).count("PASSWORD_CHANGED") == 1


async def test_a_wrong_old_password_changes_nothing_is_recorded_and_counted(database_url: str) -> None:
    async with in_process(database_url, sign_in_limit=3) as service:
        user = await with_password(service)
        caller = await service.with_token((await sign_in(service, user)).access_token)
        for _ in range(3):
            await refused(change(caller, old="seventeen blue herons"), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        await refused(change(caller), Code.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")
        await enters(service, user.username, PASSWORD)
        recorded = await kinds(service, user.name)
        assert (recorded.count("AUTHENTICATION_FAILED"), recorded.count("PASSWORD_CHANGED")) == (3, 0)


@pytest.mark.parametrize("new", [*WEAK, "the user Ada-Lovelace herself", "gray.herons are seventeen"])
async def test_a_new_password_keeps_the_policy_and_a_fault_of_it_counts_as_no_attempt(
    service: Service, new: str
) -> None:
    user = await with_password(service, username="ada-lovelace", email="Gray.Herons@example.com")
    caller = await service.with_token((await sign_in(service, user)).access_token)
    before = await select(service.database_url, "SELECT * FROM sign_in_attempts ORDER BY key")
    refusal = await refused(change(caller, new=new), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["new_password"]
    assert await select(service.database_url, "SELECT * FROM sign_in_attempts ORDER BY key") == before
    await enters(service, user.username, PASSWORD)


@pytest.mark.parametrize("old", ["", "\x00", "a" * 1025])
async def test_an_old_password_that_is_none_is_a_fault_of_its_field(service: Service, old: str) -> None:
    assert (await refused(change(service, old=old), Code.INVALID_ARGUMENT, "INVALID_FIELD")).fields == ["old_password"]


async def test_who_has_no_password_cannot_change_it(service: Service) -> None:
    """The administrator of the tests has a session, and no password; a service has neither."""
    machine = await service.called_by("SERVICE", ("tasks.read",))
    for stubs in (service, machine):
        await refused(change(stubs), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert await select(service.database_url, "SELECT * FROM credentials") == []


async def test_a_reset_token_sets_a_password_once_and_ends_all_sessions(service: Service) -> None:
    user = await with_password(service)
    caller = await service.with_token((await sign_in(service, user)).access_token)
    assert not await is_refused(caller)
    token = await password_reset(service, user.name)
    assert await set_password(service, token) == user.name
    await until(lambda: is_refused(caller), 1.5)
    await wrong(service, user.username, PASSWORD)
    await enters(service, user.username, NEW)
    await refused(set_password(service, token), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert (await kinds(service, user.name)).count("PASSWORD_SET") == 2
    assert await failures(service, "SetPassword")


async def failures(service: Service, method: str) -> list[tuple[object, ...]]:
    """Those of the method in the audit log, as soon as there are some: actor, subject, reason."""
    where = f"event = 'AUTHENTICATION_FAILED' AND method = 'taxiway.v1.AuthService/{method}'"
    found: list[tuple[object, ...]] = []

    async def are_there() -> bool:
        found[:] = await select(
            service.database_url, f"SELECT actor_id, subject_id, reason FROM audit_log WHERE {where}"
        )
        return bool(found)

    await until(are_there, 5)
    return found


@pytest.mark.parametrize("new", WEAK)
async def test_a_password_against_the_policy_leaves_the_token_as_it_was(service: Service, new: str) -> None:
    token = await password_reset(service, (await make_user(service)).name)
    refusal = await refused(set_password(service, token, new), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["new_password"]
    await set_password(service, token)


async def test_faults_of_the_policy_are_no_guesses(database_url: str) -> None:
    async with in_process(database_url, sign_in_limit=2) as service:
        token = await password_reset(service, (await make_user(service)).name)
        for _ in range(5):
            await refused(set_password(service, token, "short"), Code.INVALID_ARGUMENT, "INVALID_FIELD")
        await set_password(service, token)


async def test_guesses_of_reset_tokens_are_slowed_down_by_where_they_come_from(database_url: str) -> None:
    async with in_process(database_url, sign_in_limit=2) as service:
        user = await make_user(service)
        guess = make("twp_", UUID(user.name.removeprefix("users/")), bytes(16))
        for _ in range(20):
            await refused(set_password(service, guess), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        await refused(set_password(service, guess), Code.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS")


async def test_who_has_a_token_is_not_held_up_by_some_who_guess_from_the_same_address(database_url: str) -> None:
    async with in_process(database_url, sign_in_limit=2) as service:
        token = await password_reset(service, (await make_user(service)).name)
        for _ in range(10):
            guess = make("twp_", uuid4(), bytes(16))
            await refused(set_password(service, guess), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
        await set_password(service, token)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE password_resets SET created_at = now() - interval '2 hours', expire_at = now() - interval '1 second'",
        "UPDATE users SET state = 'SUSPENDED' WHERE role = 'USER'",
        "UPDATE users SET deleted_at = now(), purge_at = now() + interval '30 days' WHERE role = 'USER'",
        "UPDATE users SET role = 'SERVICE' WHERE role = 'USER'",
    ],
    ids=["expired", "suspended", "deleted", "service"],
)
async def test_a_token_does_not_hold_for_an_account_that_is_not_let_in_or_past_its_time(
    service: Service, statement: str
) -> None:
    user = await make_user(service)
    token = await password_reset(service, user.name)
    await run(service.database_url, statement)
    await refused(set_password(service, token), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert await select(service.database_url, "SELECT * FROM credentials") == []
    subject = None if "password_resets" in statement else UUID(user.name.removeprefix("users/"))
    assert await failures(service, "SetPassword") == [(None, subject, "UNAUTHENTICATED")]


@pytest.mark.parametrize("token", ["", "twp_", "nonsense", "twp_" + "0" * 49, "\x00", "a" * 100_000])
async def test_what_is_no_reset_token_is_refused_like_one_that_does_not_hold(service: Service, token: str) -> None:
    await refused(set_password(service, token), Code.UNAUTHENTICATED, "UNAUTHENTICATED")
