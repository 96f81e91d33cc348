"""Names of sessions and API keys: made and parsed in one form, `me` standing for the caller."""

from uuid import UUID

import pytest

from service.identity import Caller, set_caller
from service.names import ApiKeyId, SessionId, api_key_name, parse_api_key, parse_session, session_name

OWNER, ITEM = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"), UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a12")


@pytest.fixture(autouse=True)
def _called() -> None:
    set_caller(Caller(OWNER))


def test_a_name_that_was_made_is_parsed_to_what_it_was_made_of() -> None:
    assert parse_session(session_name(OWNER, ITEM)) == SessionId(OWNER, ITEM)
    assert parse_api_key(api_key_name(OWNER, ITEM)) == ApiKeyId(OWNER, ITEM)


def test_me_is_the_caller() -> None:
    assert parse_session(f"users/me/sessions/{ITEM}").user_id == OWNER
    assert parse_api_key(f"users/me/apiKeys/{ITEM}").user_id == OWNER


@pytest.mark.parametrize("user", ["-", "", str(OWNER).upper()])
@pytest.mark.parametrize("item", ["-", "me", "", str(ITEM).upper(), f"{ITEM}/x"])
def test_what_is_no_such_name_is_refused_with_the_rule(user: str, item: str) -> None:
    for wrong in (f"users/{user}/sessions/{ITEM}", f"users/me/sessions/{item}", f"users/me/apiKeys/{ITEM}"):
        with pytest.raises(ValueError, match=r"must have the form users/\{user\}/sessions/\{session\}"):
            parse_session(wrong)
    for wrong in (f"users/{user}/apiKeys/{ITEM}", f"users/me/apiKeys/{item}", f"users/me/sessions/{ITEM}"):
        with pytest.raises(ValueError, match=r"must have the form users/\{user\}/apiKeys/\{api_key\}"):
            parse_api_key(wrong)
