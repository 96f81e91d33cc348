"""The rules of sessions, passwords and API keys: values and commands. No secret shows in the text form of any."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from service.credentials import password_policy
from service.fields import BoundedText, Command, OptionalInstant, Resource, Value
from service.names import ApiKeyName, SessionName, UserName

Scope = Literal["users.read", "users.write", "tasks.read", "tasks.write"]
API_KEY_EDITABLE = frozenset({"display_name", "scopes", "expire_time"})


def _password(value: SecretStr) -> SecretStr:
    """Bounds of what is compared, before any work is done for it; what may be chosen is the policy's to say."""
    text = value.get_secret_value()
    if "\x00" in text:
        raise ValueError("must not contain U+0000")
    size = len(text.encode())
    if not 1 <= size <= password_policy.LONGEST:
        raise ValueError(f"must have 1 to {password_policy.LONGEST} bytes of UTF-8, not {size}")
    return value


def _scopes(value: object) -> object:
    """In the order of the contract, whatever order they come in; before the single ones are looked at."""
    given = Counter(value if isinstance(value, list) else ())
    scopes = get_args(Scope)
    if not given or not given.keys() <= set(scopes) or max(given.values()) > 1:
        raise ValueError(f"must be 1 to {len(scopes)} of {', '.join(scopes)}, each once")
    return tuple(scope for scope in scopes if scope in given)


def _to_come(value: datetime | None) -> datetime | None:
    if value is not None and value <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return value


LoginName = Annotated[str, AfterValidator(BoundedText(1, 254))]
Password = Annotated[SecretStr, AfterValidator(_password)]
DisplayName = Annotated[str, AfterValidator(BoundedText(0, 200))]
Scopes = Annotated[tuple[Scope, ...], BeforeValidator(_scopes)]


class Session(Resource):
    """A session as it is kept, without the digests of its tokens."""

    user_id: UUID
    id: UUID
    user_agent: str
    peer: str
    create_time: datetime = Field(validation_alias="created_at")
    last_use_time: datetime = Field(validation_alias="last_use_at")
    expire_time: datetime = Field(validation_alias="idle_expire_at")  # the absolute end bounds it


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """What a client gets of a session, to keep it and show it."""

    access_token: str = field(repr=False)
    access_expire_time: datetime
    refresh_token: str = field(repr=False)
    session: Session


class Login(Value):
    """Who wants to sign in, by mail address or user name."""

    login: LoginName
    password: Password


class PasswordChange(Value):
    """The caller's own password, for another one."""

    old_password: Password
    new_password: SecretStr  # the policy needs to know whose it is to be


class PasswordReset(Value):
    """A first or forgotten password, for a one-time token."""

    reset_token: SecretStr
    new_password: SecretStr


class SessionTarget(Command):
    name: SessionName


class ApiKey(Resource):
    """An API key as it is kept, without the digest of its secret."""

    user_id: UUID
    id: UUID
    display_name: str
    scopes: tuple[Scope, ...]
    create_time: datetime = Field(validation_alias="created_at")
    last_use_time: datetime | None = Field(validation_alias="last_use_at")
    expire_time: datetime | None = Field(validation_alias="expire_at")


class ApiKeyDraft(Command):
    """An API key to be made for the account `parent`."""

    parent: UserName
    display_name: DisplayName = ""
    scopes: Scopes
    expire_time: Annotated[OptionalInstant, AfterValidator(_to_come)] = None


class ApiKeyTarget(Command):
    name: ApiKeyName


class OwnedQuery(Value):
    """One page of an account's sessions or API keys, newest first, below the one named `after`."""

    parent: UUID
    size: int
    after: UUID | None
