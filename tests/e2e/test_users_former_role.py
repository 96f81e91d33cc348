"""A change of role to or from SERVICE ends what let the account in: it does not come back with the former role."""

import grpc
import pytest

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import CreatePasswordResetRequest, GetUserRequest
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service
from tests.e2e.faults.until import until
from tests.e2e.making import PASSWORD, update_user
from tests.e2e.rows import select


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode
TABLES = ("sessions", "api_keys", "credentials", "password_resets")


async def left(service: Service, account: Account) -> dict[str, int]:
    """How many rows of each kind let the account in."""
    counts = [f"SELECT '{table}', count(*) FROM {table} WHERE user_id = '{account.id}'" for table in TABLES]
    return {table: count for table, count in await select(service.database_url, " UNION ALL ".join(counts)) if count}


async def refuses(service: Service, account: Account) -> None:
    """What the account called with is refused, for good: the server may remember it for a second."""
    stubs = await service.with_token(account.token)

    async def unauthenticated() -> bool:
        try:
            await stubs.users.GetUser(GetUserRequest(name=account.name))
        except grpc.aio.AioRpcError as error:
            return error.code() is Code.UNAUTHENTICATED
        return False

    await until(unauthenticated, 5)


@pytest.mark.parametrize("role", [User.USER, User.ADMIN])
async def test_a_person_who_was_a_service_meanwhile_signs_in_anew(service: Service, role: User.Role.ValueType) -> None:
    account = await service.accounts.make("USER")
    await service.accounts.prepare(account, PASSWORD)
    await service.users.CreatePasswordReset(CreatePasswordResetRequest(parent=account.name))
    assert await left(service, account) == {"sessions": 1, "credentials": 1, "password_resets": 1}
    await update_user(service, User(name=account.name, role=User.SERVICE), "role")
    assert await left(service, account) == {}
    await update_user(service, User(name=account.name, role=role), "role")
    await refuses(service, account)


async def test_a_service_that_was_a_person_meanwhile_needs_new_keys(service: Service) -> None:
    account = await service.accounts.make("SERVICE", ("users.read",))
    person = User(name=account.name, role=User.USER, email="a@example.com")
    await update_user(service, person, "role", "email", "scopes")
    assert await left(service, account) == {}
    await update_user(service, User(name=account.name, role=User.SERVICE, scopes=["users.read"]), "role", "scopes")
    await refuses(service, account)


async def test_from_user_to_administrator_the_session_goes_on(service: Service) -> None:
    account = await service.accounts.make("USER")
    await service.accounts.prepare(account, PASSWORD)
    await update_user(service, User(name=account.name, role=User.ADMIN), "role")
    assert await left(service, account) == {"sessions": 1, "credentials": 1}
