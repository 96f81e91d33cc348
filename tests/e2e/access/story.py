"""A life of an account in which every kind of secret is made, used, misused and ended."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import bcrypt

from taxiway.v1 import auth_service_pb2 as auth
from taxiway.v1 import user_service_pb2 as users
from taxiway.v1.api_key_pb2 import ApiKey
from taxiway.v1.user_pb2 import User
from tests.e2e.access.canaries import Canaries
from tests.e2e.access.stage import Stage

FIRST, SECOND, WRONG = "nine lanterns on a ferry", "eleven swallows over tin", "a guess of somebody else"
PHONE = "+491512345678901"


@dataclass
class Story:
    """Told by an administrator and the holder of the account; each secret is noted as soon as it is there."""

    stage: Stage
    canaries: Canaries
    name: str = ""
    login: str = ""
    tokens: Any = None
    api_key: str = ""
    reset_token: str = ""

    async def begin(self) -> None:
        """An account with a telephone number, whose holder sets a password."""
        for name, text in {"first password": FIRST, "second password": SECOND, "wrong password": WRONG}.items():
            self.canaries.add(name, text)
        self.canaries.add("telephone number", PHONE.removeprefix("+"))
        self.canaries.add("access token", self.stage.token)
        self.login = f"u{uuid4().hex}"
        user = User(username=self.login, email=f"{self.login}@example.com", phone_number=PHONE)
        made: Any = await self.stage.ok("CreateUser", users.CreateUserRequest(user=user, request_id=str(uuid4())))
        self.name = made.name
        await self.set_password()

    async def set_password(self) -> None:
        reset: Any = await self.stage.ok("CreatePasswordReset", users.CreatePasswordResetRequest(parent=self.name))
        self.reset_token = self.canaries.add("reset token", reset.reset_token)
        for new in (
            FIRST[:6],
            self.login * 2,
            FIRST,
            SECOND,
        ):  # too short, the user name, right, and the token is spent
            await self.stage.call(
                "SetPassword", auth.SetPasswordRequest(reset_token=self.reset_token, new_password=new), ""
            )

    async def sign_in_and_out(self) -> None:
        for login, password in ((self.login, WRONG), (FIRST, FIRST), ("", FIRST), (self.login, FIRST * 100)):
            await self.stage.call("SignIn", auth.SignInRequest(login=login, password=password), "")
        self.note(await self.stage.ok("SignIn", auth.SignInRequest(login=self.login, password=FIRST), ""))
        first = auth.RefreshSessionRequest(refresh_token=self.tokens.refresh_token)
        for _ in range(3):  # the first time, once more after a lost answer, and then a copy of it is in other hands
            outcome = await self.stage.call("RefreshSession", first, "")
            if outcome.answers:
                self.note(outcome.answers[0])
        self.note(await self.stage.ok("SignIn", auth.SignInRequest(login=self.login, password=FIRST), ""))
        for old, new in ((WRONG, SECOND), (FIRST, FIRST[:6]), (FIRST, SECOND)):
            request = auth.ChangePasswordRequest(old_password=old, new_password=new)
            await self.stage.call("ChangePassword", request, self.tokens.access_token)
        for _ in range(2):
            await self.stage.call("SignOut", auth.SignOutRequest(), self.tokens.access_token)

    def note(self, tokens: Any) -> None:
        self.tokens = tokens
        self.canaries.add("access token", tokens.access_token)
        self.canaries.add("refresh token", tokens.refresh_token)

    async def call_with_keys(self) -> None:
        """An API key is made, used, misused and revoked; a second one stays."""
        user = User(username=f"u{uuid4().hex}", role=User.SERVICE, scopes=["tasks.read", "users.read"])
        made: Any = await self.stage.ok("CreateUser", users.CreateUserRequest(user=user))
        request = auth.CreateApiKeyRequest(parent=made.name, api_key=ApiKey(scopes=["users.read"]))
        await self._new_key(request)
        revoked = self.api_key
        await self._new_key(request)
        keys: Any = await self.stage.ok("ListApiKeys", auth.ListApiKeysRequest(parent=made.name))
        await self.stage.ok("RevokeApiKey", auth.RevokeApiKeyRequest(name=keys.api_keys[-1].name))
        await self.stage.call("GetUser", users.GetUserRequest(name=self.name), revoked)

    async def _new_key(self, request: auth.CreateApiKeyRequest) -> None:
        answer: Any = await self.stage.ok("CreateApiKey", request)
        self.api_key = self.canaries.add("API key", answer.secret)
        await self.stage.ok("GetUser", users.GetUserRequest(name=self.name), self.api_key)

    async def import_hashes(self) -> None:
        """One that is taken over and made anew at a sign-in, one that waits for that, and one that is refused."""
        hashed = [bcrypt.hashpw(FIRST.encode(), bcrypt.gensalt(4)).decode() for _ in range(3)]
        hashed[2] = hashed[2].replace("$04$", "$31$")
        rows = [self._import(self.canaries.add("bcrypt hash", text)) for text in hashed]
        await self.stage.ok("ImportUsers", users.ImportUsersRequest(users=rows))
        login = rows[0].user.username
        self.note(await self.stage.ok("SignIn", auth.SignInRequest(login=login, password=FIRST), ""))

    def _import(self, password_hash: str) -> users.UserImport:
        username = f"u{uuid4().hex}"
        user = User(username=username, email=f"{username}@example.com", phone_number=PHONE)
        return users.UserImport(user=user, password_hash=password_hash)
