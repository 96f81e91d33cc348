"""API keys: made for services by administrators, shown once, listed without their secrets, taken away at once."""

import time
from uuid import UUID, uuid4

import grpc
import pytest

from service.credentials import opaque_tokens
from taxiway.v1 import auth_service_pb2 as pb
from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.audited import kinds
from tests.e2e.conftest import Service, Stubs
from tests.e2e.faults.until import until
from tests.e2e.making import NO_USER, SCOPES, deleted_user, make_user
from tests.e2e.refusals import read, refused
from tests.e2e.rows import run, select

Code = grpc.StatusCode


async def machine(service: Service, *scopes: str) -> User:
    return await make_user(service, role="SERVICE", email="", scopes=scopes)


async def create(service: Service, parent: str, **fields: object) -> pb.CreateApiKeyResponse:
    key = ApiKey(**{"scopes": ["users.read"], **fields})  # type: ignore[arg-type]  # the fields of a test's choice
    return await service.auth.CreateApiKey(pb.CreateApiKeyRequest(parent=parent, api_key=key))


async def reads_users(stubs: Stubs, name: str) -> bool:
    try:
        await stubs.users.GetUser(GetUserRequest(name=name))
    except grpc.aio.AioRpcError as error:
        return read(error).reason != "UNAUTHENTICATED"
    return True


async def test_a_key_is_answered_once_and_kept_as_a_digest_and_lets_the_service_in(service: Service) -> None:
    account = await machine(service, *SCOPES)
    made = await create(service, account.name, display_name="Billing", scopes=["tasks.read", "users.read"])
    key = made.api_key
    assert key.name.startswith(f"{account.name}/apiKeys/")
    assert (key.display_name, list(key.scopes)) == ("Billing", ["users.read", "tasks.read"])
    assert key.HasField("create_time")
    assert not key.HasField("expire_time")
    assert not key.HasField("last_use_time")
    opaque = opaque_tokens.parse("twk_", made.secret)
    assert opaque is not None
    assert (opaque.row_id, len(opaque.secret)) == (UUID(key.name.rpartition("/")[2]), 32)
    kept = await select(service.database_url, "SELECT token_hash FROM api_keys")
    assert kept == [(opaque_tokens.digest(opaque.secret),)]
    assert await reads_users(await service.with_token(made.secret), account.name)
    assert await kinds(service, account.name) == ["API_KEY_CREATED", "USER_CREATED"]


async def test_a_key_is_for_a_living_service_with_these_scopes(service: Service) -> None:
    person, gone = await make_user(service), await deleted_user(service, role="SERVICE", email="")
    account = await machine(service, "tasks.read")
    await refused(create(service, NO_USER), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    await refused(create(service, gone.name), Code.FAILED_PRECONDITION, "OWNER_DELETED")
    await refused(create(service, person.name), Code.FAILED_PRECONDITION, "NOT_A_SERVICE")
    refusal = await refused(create(service, account.name), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["api_key.scopes"]
    assert await select(service.database_url, "SELECT * FROM api_keys") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scopes", []),
        ("scopes", ["users.read", "users.read"]),
        ("scopes", ["everything"]),
        ("display_name", "a" * 201),
        ("display_name", "a\x00"),
        ("expire_time", {"seconds": 1}),
        ("expire_time", {"seconds": 253_402_300_799}),
    ],
)
async def test_a_fault_of_a_field_is_named(service: Service, field: str, value: object) -> None:
    account = await machine(service, *SCOPES)
    refusal = await refused(create(service, account.name, **{field: value}), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == [f"api_key.{field}"]


async def test_output_only_fields_and_the_name_are_ignored(service: Service) -> None:
    account = await machine(service, *SCOPES)
    past = {"seconds": 1}
    made = await create(service, account.name, name="users/me/apiKeys/x", create_time=past, last_use_time=past)
    assert made.api_key.create_time.seconds > 1
    assert not made.api_key.HasField("last_use_time")


async def test_a_key_ends_when_its_time_has_come(service: Service) -> None:
    account = await machine(service, *SCOPES)
    end = int(time.time()) + 3600
    made = await create(service, account.name, expire_time={"seconds": end})
    assert made.api_key.expire_time.seconds == end
    await run(service.database_url, "UPDATE api_keys SET expire_at = now()")
    assert not await reads_users(await service.with_token(made.secret), account.name)


async def test_keys_are_listed_newest_first_in_pages_without_their_secrets(service: Service) -> None:
    account = await machine(service, *SCOPES)
    made = [await create(service, account.name, display_name=f"Key {number}") for number in range(3)]
    listed: list[ApiKey] = []
    token = ""
    for _ in range(3):
        request = pb.ListApiKeysRequest(parent=account.name, page_size=1, page_token=token)
        page = await service.auth.ListApiKeys(request)
        listed += page.api_keys
        token = page.next_page_token
    assert token == ""
    assert listed == [each.api_key for each in reversed(made)]
    await refused(service.auth.ListApiKeys(pb.ListApiKeysRequest(parent=NO_USER)), Code.NOT_FOUND, "PARENT_NOT_FOUND")
    nothing = pb.ListApiKeysRequest(parent=(await machine(service)).name)
    assert await service.auth.ListApiKeys(nothing) == pb.ListApiKeysResponse()


async def test_a_revoked_key_lets_nobody_in_within_a_second_and_the_others_go_on(service: Service) -> None:
    account = await machine(service, *SCOPES)
    gone, kept = await create(service, account.name), await create(service, account.name)
    stubs = await service.with_token(gone.secret)
    assert await reads_users(stubs, account.name)
    request = pb.RevokeApiKeyRequest(name=gone.api_key.name, request_id=str(uuid4()))
    await service.auth.RevokeApiKey(request)
    await until(lambda: _not(reads_users(stubs, account.name)), 1.5)
    assert await reads_users(await service.with_token(kept.secret), account.name)
    assert await service.auth.RevokeApiKey(request) == pb.RevokeApiKeyResponse()
    again = pb.RevokeApiKeyRequest(name=gone.api_key.name)
    await refused(service.auth.RevokeApiKey(again), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert (await kinds(service, account.name)).count("API_KEY_REVOKED") == 1


async def test_a_key_is_found_below_its_own_account_alone(service: Service) -> None:
    account, other = await machine(service, *SCOPES), await machine(service)
    made = await create(service, account.name)
    elsewhere = f"{other.name}/apiKeys/{made.api_key.name.rpartition('/')[2]}"
    request = pb.RevokeApiKeyRequest(name=elsewhere)
    await refused(service.auth.RevokeApiKey(request), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def _not(condition: object) -> bool:
    return not await condition  # type: ignore[misc]  # a coroutine of bool
