"""taxiway.v1.AuthService: decode, run, encode."""

from __future__ import annotations

from functools import partial

from persistence.database import Database
from service.auth import api_keys, convert, usecases
from service.auth.attempts import Attempts
from service.auth.password_changes import PasswordChanges
from service.auth.refreshing import Refreshing
from service.auth.signing_in import SigningIn
from service.credentials.access_tokens import AccessTokens
from service.credentials.opaque_tokens import RefreshTokens
from service.credentials.passwords import Passwords
from service.credentials.signing_keys import KeyRing
from service.idempotency import claim
from service.identity import caller
from service.pagination import PageTokens
from taxiway.v1 import auth_service_pb2 as pb


class AuthServicer:
    """Each method takes the parsed request and answers encoded bytes; errors leave as exceptions.

    An answer that holds a secret is in no compressed stream: its length would tell of it beside what a caller chose.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the composition root hands in each part that it has made
        self,
        db: Database,
        tokens: PageTokens,
        passwords: Passwords,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        attempts: Attempts,
        key_ring: KeyRing,
    ) -> None:
        self._db = db
        self._tokens = tokens
        self._access_tokens = access_tokens
        self._key_ring = key_ring
        self._signing_in = SigningIn(db, passwords, attempts, access_tokens, refresh_tokens)
        self._refreshing = Refreshing(db, attempts, access_tokens, refresh_tokens)
        self._password_changes = PasswordChanges(db, passwords, attempts)

    async def SignIn(self, request: pb.SignInRequest) -> bytes:
        begun = await self._signing_in.sign_in(convert.login(request))
        return convert.session_tokens(begun).SerializeToString()

    async def RefreshSession(self, request: pb.RefreshSessionRequest) -> bytes:
        refreshed = await self._refreshing.refresh(request.refresh_token)
        return convert.session_tokens(refreshed).SerializeToString()

    async def SignOut(self, request: pb.SignOutRequest) -> bytes:
        command = convert.sign_out(request)
        return await self._db.write(usecases.sign_out, caller(), command, convert.signed_out, claim(command))

    async def ChangePassword(self, request: pb.ChangePasswordRequest) -> bytes:
        ended = await self._password_changes.change(convert.password_change(request))
        return convert.password_changed(ended).SerializeToString()

    async def SetPassword(self, request: pb.SetPasswordRequest) -> bytes:
        user_id = await self._password_changes.reset(convert.password_reset(request))
        return convert.password_set(user_id).SerializeToString()

    async def ListSessions(self, request: pb.ListSessionsRequest) -> bytes:
        query = convert.query(request, self._tokens)
        page = partial(convert.session_page, query, self._tokens)
        return await self._db.read(usecases.list_sessions, caller(), query, page)

    async def RevokeSession(self, request: pb.RevokeSessionRequest) -> bytes:
        target = convert.session_target(request)
        return await self._db.write(usecases.revoke_session, caller(), target, convert.session_revoked, claim(target))

    async def GetSigningKeys(self, request: pb.GetSigningKeysRequest) -> bytes:  # noqa: ARG002 - it says all by being sent
        issuer, audience = self._access_tokens.issuer, self._access_tokens.audience
        return convert.signing_keys(await self._key_ring.published(), issuer, audience).SerializeToString()

    async def CreateApiKey(self, request: pb.CreateApiKeyRequest) -> bytes:
        draft, secret = convert.api_key_draft(request), api_keys.new_secret()
        answer = partial(convert.created_api_key, draft, secret.text)
        return await self._db.write(api_keys.create_api_key, caller(), (draft, secret), answer, claim(draft))

    async def ListApiKeys(self, request: pb.ListApiKeysRequest) -> bytes:
        query = convert.query(request, self._tokens)
        page = partial(convert.api_key_page, query, self._tokens)
        return await self._db.read(api_keys.list_api_keys, caller(), query, page)

    async def RevokeApiKey(self, request: pb.RevokeApiKeyRequest) -> bytes:
        target = convert.api_key_target(request)
        return await self._db.write(api_keys.revoke_api_key, caller(), target, convert.api_key_revoked, claim(target))
