"""Who is not to be let in any more is refused within a second, by every server, and ever after."""

from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from taxiway.v1.auth_service_pb2 import RevokeApiKeyRequest, RevokeSessionRequest, SetPasswordRequest, SignOutRequest
from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import (
    CreatePasswordResetRequest,
    DeleteUserRequest,
    EraseUserRequest,
    ReactivateUserRequest,
    SuspendUserRequest,
    UpdateUserRequest,
)
from tests.conftest import Databases
from tests.e2e.access.pair import Pair, changes_within_a_second, pair, probes
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service
from tests.e2e.rows import run

Code = grpc.StatusCode
Change = Callable[[Service, Account], Awaitable[object]]


def statement(sql: str) -> Change:
    """What no server is told of: by hand, or by a job."""
    return lambda service, account: run(
        service.database_url, sql.format(user=account.id, credential=account.credential_id)
    )


def update(*paths: str, **fields: object) -> Change:
    return lambda service, account: service.users.UpdateUser(
        UpdateUserRequest(user=User(name=account.name, **fields), update_mask=FieldMask(paths=paths))  # type: ignore[arg-type]  # any field
    )


async def sign_out(service: Service, account: Account) -> None:
    await (await service.with_token(account.token)).auth.SignOut(SignOutRequest())


async def set_password(service: Service, account: Account) -> None:
    reset = await service.users.CreatePasswordReset(CreatePasswordResetRequest(parent=account.name))
    new = "quiet herons over nine lakes"
    await service.auth.SetPassword(SetPasswordRequest(reset_token=reset.reset_token, new_password=new))


ACCOUNT: dict[str, Change] = {
    "SuspendUser": lambda service, account: service.users.SuspendUser(SuspendUserRequest(name=account.name)),
    "DeleteUser": lambda service, account: service.users.DeleteUser(DeleteUserRequest(name=account.name)),
    "EraseUser": lambda service, account: service.users.EraseUser(EraseUserRequest(name=account.name)),
    "suspended by SQL": statement("UPDATE users SET state = 'SUSPENDED' WHERE id = '{user}'"),
    "deleted by SQL": statement(
        "UPDATE users SET deleted_at = now(), purge_at = now() + interval '1 day' WHERE id = '{user}'"
    ),
    "purged by SQL": statement("DELETE FROM users WHERE id = '{user}'"),
}
SESSION: dict[str, Change] = ACCOUNT | {
    "RevokeSession": lambda service, account: service.auth.RevokeSession(
        RevokeSessionRequest(name=f"{account.name}/sessions/{account.credential_id}")
    ),
    "SignOut": sign_out,
    "SetPassword": set_password,
    "ended by SQL": statement("DELETE FROM sessions WHERE id = '{credential}'"),
    "role by SQL": statement("UPDATE users SET role = 'SERVICE' WHERE id = '{user}'"),
}
API_KEY: dict[str, Change] = ACCOUNT | {
    "RevokeApiKey": lambda service, account: service.auth.RevokeApiKey(
        RevokeApiKeyRequest(name=f"{account.name}/apiKeys/{account.credential_id}")
    ),
    "revoked by SQL": statement("DELETE FROM api_keys WHERE id = '{credential}'"),
    "expired by SQL": statement("UPDATE api_keys SET expire_at = now() WHERE id = '{credential}'"),
    "secret by SQL": statement("UPDATE api_keys SET token_hash = sha256('another') WHERE id = '{credential}'"),
}
SCOPES: dict[str, Change] = {
    "UpdateUser": update("scopes", scopes=["users.read"]),
    "account by SQL": statement("UPDATE users SET scopes = '{{}}' WHERE id = '{user}'"),
    "key by SQL": statement("UPDATE api_keys SET scopes = '{{users.read}}' WHERE id = '{credential}'"),
}
ROLE: dict[str, Change] = {
    "UpdateUser": update("role", role=User.USER),
    "by SQL": statement("UPDATE users SET role = 'USER' WHERE id = '{user}'"),
}


@pytest.fixture(scope="module")
async def servers(databases: Databases, migrated_template: str) -> AsyncIterator[Pair]:
    async with databases(template=migrated_template) as url, pair(url) as both:
        yield both


async def check(servers: Pair, role: str, scopes: tuple[str, ...], change: Change, code: grpc.StatusCode) -> None:
    account = await servers.one.accounts.make(role, scopes)
    async with probes(servers, account, role) as asked:
        await changes_within_a_second(asked, lambda: change(servers.one, account), code)


@pytest.mark.parametrize("change", SESSION)
async def test_a_session_is_refused_within_a_second_everywhere(servers: Pair, change: str) -> None:
    await check(servers, "USER", (), SESSION[change], Code.UNAUTHENTICATED)


@pytest.mark.parametrize("change", API_KEY)
async def test_an_api_key_is_refused_within_a_second_everywhere(servers: Pair, change: str) -> None:
    await check(servers, "SERVICE", ("tasks.read",), API_KEY[change], Code.UNAUTHENTICATED)


@pytest.mark.parametrize("change", SCOPES)
async def test_a_scope_that_is_taken_away_is_of_no_use_within_a_second_everywhere(servers: Pair, change: str) -> None:
    await check(servers, "SERVICE", ("tasks.read", "users.read"), SCOPES[change], Code.PERMISSION_DENIED)


@pytest.mark.parametrize("change", ROLE)
async def test_who_is_no_administrator_any_more_is_none_within_a_second_everywhere(servers: Pair, change: str) -> None:
    await check(servers, "ADMIN", (), ROLE[change], Code.PERMISSION_DENIED)


async def test_who_is_reactivated_is_let_in_again_by_every_server(servers: Pair) -> None:
    """An API key that was of no use meanwhile; sessions have ended for good."""
    account = await servers.one.accounts.make("SERVICE", ["tasks.read"])
    async with probes(servers, account, "SERVICE") as asked:
        suspend, reactivate = SuspendUserRequest(name=account.name), ReactivateUserRequest(name=account.name)
        await changes_within_a_second(asked, lambda: servers.one.users.SuspendUser(suspend), Code.UNAUTHENTICATED)
        await servers.one.users.ReactivateUser(reactivate)
        assert [await probe.code() for probe in asked] == [Code.OK] * 2
