"""What a dry run leaves as it is beside the rows, and what it does not answer (AIP-163)."""

from uuid import uuid4

import pytest

from service.fields import Command
from service.idempotency import _fingerprint
from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.auth_service_pb2 import CreateApiKeyRequest, RevokeApiKeyRequest, RevokeSessionRequest, SignOutRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import (
    CreatePasswordResetRequest,
    CreateUserRequest,
    DeleteUserRequest,
    GetUserRequest,
    ImportUsersRequest,
    SuspendUserRequest,
    UpdateUserRequest,
    UserImport,
)
from tests.e2e.conftest import Service
from tests.e2e.making import make_user, sign_in, user_draft, with_password
from tests.e2e.rows import unchanged

CHOSEN = "0190a1b2-c3d4-7e5f-8a9b-0000000000aa"


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


async def test_credentials_hold_after_a_dry_run_of_what_would_end_them(service: Service) -> None:
    user = await with_password(service)
    tokens, machine = await sign_in(service, user), await service.accounts.make("SERVICE", ("users.read",))
    person, robot = await service.with_token(tokens.access_token), await service.with_token(machine.token)
    key = f"{machine.name}/apiKeys/{machine.credential_id}"
    await person.auth.SignOut(SignOutRequest(validate_only=True))
    await person.auth.RevokeSession(RevokeSessionRequest(name=tokens.session.name, validate_only=True))
    await service.users.SuspendUser(SuspendUserRequest(name=user.name, validate_only=True))
    await service.users.DeleteUser(DeleteUserRequest(name=machine.name, validate_only=True))
    await service.auth.RevokeApiKey(RevokeApiKeyRequest(name=key, validate_only=True))
    assert (await person.users.GetUser(GetUserRequest(name=user.name))).state == User.ACTIVE
    assert (await robot.users.GetUser(GetUserRequest(name=user.name))).name == user.name


async def test_no_id_that_only_a_dry_run_had_and_no_secret_is_answered(service: Service) -> None:
    made = await service.users.CreateUser(CreateUserRequest(user=user_draft(), validate_only=True))
    chosen = await service.users.CreateUser(CreateUserRequest(user=user_draft(), user_id=CHOSEN, validate_only=True))
    assert (made.name, chosen.name, made.version) == ("", f"users/{CHOSEN}", 1)
    person, machine = await make_user(service), await service.accounts.make("SERVICE", ("tasks.read",))
    request = CreatePasswordResetRequest(parent=person.name, validate_only=True)
    reset = await service.users.CreatePasswordReset(request)
    assert (reset.reset_token, reset.HasField("expire_time")) == ("", True)
    draft = ApiKey(display_name="Nightly", scopes=["tasks.read"])
    key_request = CreateApiKeyRequest(parent=machine.name, api_key=draft, validate_only=True)
    key = await service.auth.CreateApiKey(key_request)
    assert (key.secret, key.api_key.name, key.api_key.display_name) == ("", "", "Nightly")


async def test_a_dry_import_counts_each_message_by_itself_and_answers_no_token(service: Service) -> None:
    """Of a user who is in two messages each would be created; of one who is in one message twice, one."""
    twice, other = user_draft(), user_draft()
    rows = [UserImport(user=twice, user_id=CHOSEN), UserImport(user=other), UserImport(user=other)]
    messages = [ImportUsersRequest(users=rows, validate_only=True) for _ in range(2)]
    async with unchanged(service.database_url):
        foreseen = await service.users.ImportUsers(iter(messages))
    assert (foreseen.created, foreseen.failed) == (4, 2)
    assert [failure.place for failure in foreseen.failures] == [2, 5]
    assert [reset.user for reset in foreseen.resets] == [f"users/{CHOSEN}", ""] * 2
    assert not [reset.reset_token for reset in foreseen.resets if reset.reset_token]
    messages[1].validate_only = False
    done = await service.users.ImportUsers(iter(messages))
    assert (done.created, [bool(reset.reset_token) for reset in done.resets]) == (4, [False, False, True, True])


async def test_a_request_id_that_served_is_not_looked_at_by_a_dry_run(service: Service) -> None:
    """And the repeat of the call afterwards still gets its stored answer."""
    user = await make_user(service)
    request = UpdateUserRequest(user=User(name=user.name, display_name="Ada"), request_id=str(uuid4()))
    first = await service.users.UpdateUser(request)
    request.user.display_name, request.validate_only = "Grace", True
    foreseen = await service.users.UpdateUser(request)
    assert (foreseen.display_name, foreseen.version) == ("Grace", first.version + 1)
    request.user.display_name, request.validate_only = "Ada", False
    assert await service.users.UpdateUser(request) == first


def test_the_field_is_no_part_of_what_makes_two_requests_one() -> None:
    """What a release stored that did not know the field is found."""
    assert _fingerprint("m", Command(validate_only=False)) == _fingerprint("m", Command())
