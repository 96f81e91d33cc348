"""People who sign in: accounts with a password, which is cheap to hash."""

from dataclasses import dataclass

from taxiway.v1.auth_service_pb2 import RefreshSessionRequest, SignInRequest
from taxiway.v1.session_pb2 import SessionTokens
from tests.e2e.accounts import Account
from tests.e2e.conftest import Service

PASSWORD = "nine herons over a quiet lake"


@dataclass(frozen=True)
class Person:
    account: Account

    @property
    def username(self) -> str:
        return f"u{self.account.id.hex}"

    async def sign_in(self, service: Service, password: str = PASSWORD) -> SessionTokens:
        return await service.auth.SignIn(SignInRequest(login=self.username, password=password))


async def person(service: Service, role: str = "USER") -> Person:
    account = await service.accounts.make(role)
    await service.accounts.prepare(account, PASSWORD)
    return Person(account)


async def refreshed(service: Service, tokens: SessionTokens) -> SessionTokens:
    return await service.auth.RefreshSession(RefreshSessionRequest(refresh_token=tokens.refresh_token))
