"""How often each method of accounts and access asks the database and waits, counted on the wire.

Where a method has a `request_id` it takes two more with one, as all do (test_round_trips.py).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from taxiway.v1 import api_key_pb2, auth_service_pb2, user_pb2, user_service_pb2
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service, Stubs, in_process
from tests.e2e.faults.calls import OK, ended
from tests.e2e.faults.wire import Wire, wire
from tests.e2e.methods import methods
from tests.persistence.test_round_trips import READS as READS_OF_TASKS_AND_USERS
from tests.persistence.test_round_trips import WRITES as WRITES_OF_TASKS_AND_USERS

PASSWORD, NEXT = "vexillology and quinoa 77", "ampersand below the cupola 12"


@dataclass
class Person:
    """Somebody new for each repetition: its stubs, what signs it in, a service with a key, and an import's number."""

    service: Service
    account: Account
    own: Stubs
    robot: Account
    refresh_token: str
    reset_token: str
    number: int

    @property
    def login(self) -> str:
        return f"u{self.account.id.hex}"


Call = Callable[[Person], Awaitable[object]]


def _named(person: Person) -> dict[str, str]:
    return {"name": person.account.name}


async def _export(p: Person) -> list[object]:
    request = user_service_pb2.ExportUserDataRequest(**_named(p))
    return [row async for row in p.service.users.ExportUserData(request)]


def _import(p: Person) -> Awaitable[object]:
    user = user_pb2.User(username=f"i{p.number}", email=f"i{p.number}@example.com")
    request = user_service_pb2.ImportUsersRequest(users=[user_service_pb2.UserImport(user=user)])
    return p.service.users.ImportUsers(iter([request]))


# What a first call with a token costs more is a look at its session; the administrator's is known by then.
LOOK = 1
COUNTED: dict[str, tuple[int, Call]] = {
    "SuspendUser": (0, lambda p: p.service.users.SuspendUser(user_service_pb2.SuspendUserRequest(**_named(p)))),
    "ReactivateUser": (0, lambda p: p.service.users.ReactivateUser(user_service_pb2.ReactivateUserRequest(**_named(p)))),
    "CreatePasswordReset": (
        0,
        lambda p: p.service.users.CreatePasswordReset(
            user_service_pb2.CreatePasswordResetRequest(parent=p.account.name)
        ),
    ),
    "ImportUsers": (0, _import),
    "ExportUserData": (0, _export),
    "EraseUser": (0, lambda p: p.service.users.EraseUser(user_service_pb2.EraseUserRequest(**_named(p)))),
    "ListAuditEvents": (0, lambda p: p.service.users.ListAuditEvents(user_service_pb2.ListAuditEventsRequest())),
    "SignIn": (
        0,
        lambda p: p.service.auth.SignIn(auth_service_pb2.SignInRequest(login=p.login, password=PASSWORD)),
    ),
    "RefreshSession": (
        0,
        lambda p: p.service.auth.RefreshSession(
            auth_service_pb2.RefreshSessionRequest(refresh_token=p.refresh_token)
        ),
    ),
    "SignOut": (LOOK + 0, lambda p: p.own.auth.SignOut(auth_service_pb2.SignOutRequest())),
    "ChangePassword": (
        LOOK + 0,
        lambda p: p.own.auth.ChangePassword(
            auth_service_pb2.ChangePasswordRequest(old_password=PASSWORD, new_password=NEXT)
        ),
    ),
    "SetPassword": (
        0,
        lambda p: p.service.auth.SetPassword(
            auth_service_pb2.SetPasswordRequest(reset_token=p.reset_token, new_password=NEXT)
        ),
    ),
    "ListSessions": (
        0,
        lambda p: p.service.auth.ListSessions(auth_service_pb2.ListSessionsRequest(parent=p.account.name)),
    ),
    "RevokeSession": (
        0,
        lambda p: p.service.auth.RevokeSession(
            auth_service_pb2.RevokeSessionRequest(name=f"{p.account.name}/sessions/{p.account.credential_id}")
        ),
    ),
    "GetSigningKeys": (0, lambda p: p.service.auth.GetSigningKeys(auth_service_pb2.GetSigningKeysRequest())),
    "CreateApiKey": (
        0,
        lambda p: p.service.auth.CreateApiKey(
            auth_service_pb2.CreateApiKeyRequest(
                parent=p.robot.name, api_key=api_key_pb2.ApiKey(scopes=[api_key_pb2.ApiKey.DESCRIPTOR and 1])
            )
        ),
    ),
    "ListApiKeys": (
        0,
        lambda p: p.service.auth.ListApiKeys(auth_service_pb2.ListApiKeysRequest(parent=p.robot.name)),
    ),
    "RevokeApiKey": (
        0,
        lambda p: p.service.auth.RevokeApiKey(
            auth_service_pb2.RevokeApiKeyRequest(name=f"{p.robot.name}/apiKeys/{p.robot.credential_id}")
        ),
    ),
}
