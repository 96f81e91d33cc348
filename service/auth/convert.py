"""Between the messages of taxiway.v1.AuthService and the schemas: the one file that knows both sides."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel

from service.auth.schemas import (
    ApiKey,
    ApiKeyDraft,
    ApiKeyTarget,
    Login,
    OwnedQuery,
    PasswordChange,
    PasswordReset,
    Session,
    SessionTarget,
    SessionTokens,
)
from service.credentials.signing_keys import SigningKey
from service.fields import ABSENT, Command
from service.identity import caller
from service.names import UserName, api_key_name, session_name, user_name
from service.pagination import PageSize, PageTokens, fill_page
from service.timestamps import fill, from_timestamp
from service.validation import validated
from taxiway.v1 import api_key_pb2, session_pb2
from taxiway.v1 import auth_service_pb2 as pb


class _List(BaseModel):
    parent: UserName
    page_size: PageSize


def login(request: pb.SignInRequest) -> Login:
    return validated(Login, {"login": request.login, "password": request.password}, request)


def password_change(request: pb.ChangePasswordRequest) -> PasswordChange:
    values = {"old_password": request.old_password, "new_password": request.new_password}
    return validated(PasswordChange, values, request)


def password_reset(request: pb.SetPasswordRequest) -> PasswordReset:
    values = {"reset_token": request.reset_token, "new_password": request.new_password}
    return validated(PasswordReset, values, request)


def session_tokens(value: SessionTokens) -> session_pb2.SessionTokens:
    message = session_pb2.SessionTokens(access_token=value.access_token, refresh_token=value.refresh_token)
    fill(message.access_expire_time, value.access_expire_time)
    write_session(value.session, message.session)
    return message


def write_session(value: Session, message: session_pb2.Session) -> None:
    message.name = session_name(value.user_id, value.id)
    message.user_agent = value.user_agent
    message.peer = value.peer
    fill(message.create_time, value.create_time)
    fill(message.last_use_time, value.last_use_time)
    fill(message.expire_time, value.expire_time)


def sign_out(request: pb.SignOutRequest) -> Command:
    return Command(validate_only=request.validate_only)


def signed_out(_: None) -> pb.SignOutResponse:
    return pb.SignOutResponse()


def password_changed(ended_sessions: int) -> pb.ChangePasswordResponse:
    return pb.ChangePasswordResponse(ended_sessions=ended_sessions)


def password_set(user_id: UUID) -> pb.SetPasswordResponse:
    return pb.SetPasswordResponse(user=user_name(user_id))


def session_target(request: pb.RevokeSessionRequest) -> SessionTarget:
    return validated(SessionTarget, _target(request), request)


def session_revoked(_: None) -> pb.RevokeSessionResponse:
    return pb.RevokeSessionResponse()


def signing_keys(keys: Sequence[SigningKey], issuer: str, audience: str) -> pb.GetSigningKeysResponse:
    """Members as RFC 8037 and RFC 7517 name them."""
    every = [pb.JsonWebKey(kty="OKP", crv="Ed25519", x=key.x, kid=key.kid, alg="EdDSA", use="sig") for key in keys]
    return pb.GetSigningKeysResponse(keys=every, issuer=issuer, audience=audience)


def api_key_draft(request: pb.CreateApiKeyRequest) -> ApiKeyDraft:
    given = request.api_key
    expire_time = from_timestamp(given.expire_time) if given.HasField("expire_time") else ABSENT
    values = {"parent": request.parent, "display_name": given.display_name, "scopes": list(given.scopes)}
    more = {"expire_time": expire_time, "validate_only": request.validate_only}
    return validated(ApiKeyDraft, values | more, request, "api_key")


def created_api_key(asked: ApiKeyDraft, secret: str, value: ApiKey) -> pb.CreateApiKeyResponse:
    """A dry run answers neither the key nor its name: there is none of them."""
    message = pb.CreateApiKeyResponse(secret="" if asked.validate_only else secret)
    write_api_key(value, message.api_key)
    if asked.validate_only:
        message.api_key.ClearField("name")
    return message


def write_api_key(value: ApiKey, message: api_key_pb2.ApiKey) -> None:
    message.name = api_key_name(value.user_id, value.id)
    message.display_name = value.display_name
    message.scopes.extend(value.scopes)
    fill(message.create_time, value.create_time)
    if value.last_use_time is not None:
        fill(message.last_use_time, value.last_use_time)
    if value.expire_time is not None:
        fill(message.expire_time, value.expire_time)


def api_key_target(request: pb.RevokeApiKeyRequest) -> ApiKeyTarget:
    return validated(ApiKeyTarget, _target(request), request)


def _target(request: pb.RevokeSessionRequest | pb.RevokeApiKeyRequest) -> dict[str, object]:
    return {"name": request.name, "request_id": request.request_id, "validate_only": request.validate_only}


def api_key_revoked(_: None) -> pb.RevokeApiKeyResponse:
    return pb.RevokeApiKeyResponse()


def query(request: pb.ListSessionsRequest | pb.ListApiKeysRequest, tokens: PageTokens) -> OwnedQuery:
    parsed = validated(_List, {"parent": request.parent, "page_size": request.page_size}, request)
    after = tokens.read(_scope(request.DESCRIPTOR.name, parsed.parent), request.page_token)
    return OwnedQuery(parent=parsed.parent, size=parsed.page_size, after=after)


def session_page(asked: OwnedQuery, tokens: PageTokens, sessions: list[Session]) -> pb.ListSessionsResponse:
    response = pb.ListSessionsResponse()
    last = fill_page(response.sessions, sessions, asked.size, write_session)
    response.next_page_token = _next(asked, tokens, "ListSessionsRequest", last)
    return response


def api_key_page(asked: OwnedQuery, tokens: PageTokens, keys: list[ApiKey]) -> pb.ListApiKeysResponse:
    response = pb.ListApiKeysResponse()
    last = fill_page(response.api_keys, keys, asked.size, write_api_key)
    response.next_page_token = _next(asked, tokens, "ListApiKeysRequest", last)
    return response


def _next(asked: OwnedQuery, tokens: PageTokens, request: str, last: Session | ApiKey | None) -> str:
    return "" if last is None else tokens.make(_scope(request, asked.parent), last.id)


def _scope(request: str, parent: UUID) -> bytes:
    return f"{request}/1/{caller().id}/{parent}".encode()
