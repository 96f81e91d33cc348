"""What AuthService takes: bounds of what is typed, and no secret in the text form of any value."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr, ValidationError

from persistence.types import ACCESS_SCOPES as SCOPES
from service.auth.api_keys import new_secret
from service.auth.attempts import Buckets
from service.auth.password_changes import Owner, Replacement, Setting
from service.auth.schemas import (
    ApiKeyDraft,
    Login,
    PasswordChange,
    PasswordReset,
    Scope,
    Session,
    SessionTokens,
)
from service.auth.signing_in import Account, Beginning
from service.auth.usecases import Refresh
from service.credentials.opaque_tokens import RefreshToken

USER = UUID("00000000-0000-4000-8000-000000000001")
SECRET = "a secret of canaries"
BUCKETS = Buckets(bytes(32), bytes(32), bytes(32), 10, 100)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SESSION = Session(user_id=USER, id=USER, user_agent="", peer="", created_at=NOW, last_use_at=NOW, idle_expire_at=NOW)


@pytest.mark.parametrize(
    "value",
    [
        Login(login="ada", password=SecretStr(SECRET)),
        PasswordChange(old_password=SecretStr(SECRET), new_password=SecretStr(SECRET)),
        PasswordReset(reset_token=SecretStr(SECRET), new_password=SecretStr(SECRET)),
        SessionTokens(SECRET, NOW, SECRET, SESSION),
        Account(USER, SECRET),
        Beginning(USER, USER, SECRET.encode(), SECRET, SECRET, BUCKETS),
        Refresh(RefreshToken(USER, SECRET.encode(), genuine=True), SECRET.encode(), lambda user_id: user_id.bytes),
        Owner("ada", None, SECRET),
        Replacement(SECRET, SECRET, BUCKETS),
        Setting(USER, SECRET.encode(), SECRET, bytes(32)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_shows_its_secret(value: object) -> None:
    assert "canaries" not in repr(value)
    assert "canaries" not in str(value)


def test_a_new_api_key_does_not_show_its_secret() -> None:
    secret = new_secret()
    assert secret.text not in repr(secret)
    assert repr(secret.digest) not in repr(secret)


@pytest.mark.parametrize("password", ["", "\x00", "a" * 1025, "é" * 513, "long enough\x00"])
def test_what_no_password_can_be_is_refused_before_any_work(password: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Login.model_validate({"login": "ada", "password": password})
    assert [error["loc"] for error in refusal.value.errors()] == [("password",)]


@pytest.mark.parametrize("password", ["a", " ", "a" * 1024, "é" * 512, "e\u0301", "\u00e9", "\r\n", "\U0001f426"])
def test_a_password_stays_as_it_is_sent(password: str) -> None:
    parsed = Login.model_validate({"login": "ada", "password": password})
    assert parsed.password.get_secret_value() == password


@pytest.mark.parametrize("login", ["", "a" * 255, "a\x00b"])
def test_a_login_has_1_to_254_code_points(login: str) -> None:
    with pytest.raises(ValidationError):
        Login.model_validate({"login": login, "password": "a"})


def draft(**fields: object) -> ApiKeyDraft:
    return ApiKeyDraft.model_validate({"parent": f"users/{USER}", "scopes": ["tasks.read"]} | fields)


@pytest.mark.parametrize("scopes", [[], ["tasks.read", "tasks.read"], ["tasks"], ["tasks.read", ""], ["x"] * 100_000])
def test_scopes_of_a_key_are_some_of_the_four_each_once(scopes: list[str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        draft(scopes=scopes)
    assert len(refusal.value.errors()) == 1


def test_the_scopes_are_those_that_methods_ask_for() -> None:
    assert get_args(Scope) == SCOPES


def test_scopes_come_in_the_order_of_the_contract() -> None:
    assert draft(scopes=["tasks.write", "users.read"]).scopes == ("users.read", "tasks.write")


def test_a_key_ends_in_the_future() -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert draft(expire_time=later).expire_time == later
    with pytest.raises(ValidationError):
        draft(expire_time=datetime.now(UTC))


def test_a_key_ends_never_where_nothing_is_said() -> None:
    assert draft().expire_time is None
    assert draft(parent=f"users/{uuid4()}").display_name == ""
