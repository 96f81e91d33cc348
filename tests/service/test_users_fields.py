"""The fields of an account that say what it may do, and its telephone number."""

from itertools import permutations

import pytest
from pydantic import ValidationError

from persistence.types import ACCESS_SCOPES as SCOPES
from service.users.schemas import UserDraft

URI = "spiffe://example.com/billing"


def draft(**fields: object) -> UserDraft:
    return UserDraft.model_validate({"username": "a", "role": "SERVICE", **fields})


@pytest.mark.parametrize("number", ["+12", "+4930123456", "+123456789012345"])
def test_a_phone_number_in_e_164_is_kept_as_it_is(number: str) -> None:
    assert draft(phone_number=number).columns()["phone_number"] == number


def test_an_empty_phone_number_is_none() -> None:
    assert draft(phone_number="").phone_number is None


@pytest.mark.parametrize(
    "number",
    [
        "+1",
        "+1234567890123456",
        "+0123",
        "4930123456",
        "+49 30",
        "+49\u0660",
        "+49\n",
        "\uff0b4930",
        "+",
        " +4930",
        "\x00",
    ],
)
def test_any_other_phone_number_is_refused(number: str) -> None:
    with pytest.raises(ValidationError, match=r"E\.164"):
        draft(phone_number=number)


def test_no_phone_number_shows_in_the_text_of_a_command() -> None:
    assert "4930123456" not in repr(draft(phone_number="+4930123456"))


def test_the_scopes_are_those_of_the_access_table_in_one_order() -> None:
    assert {tuple(draft(scopes=list(given)).scopes) for given in permutations(SCOPES)} == {SCOPES}


@pytest.mark.parametrize("scopes", [["tasks.read"] * 2, ["tasks.delete"], [""], ["TASKS.READ"], ["tasks.read\x00"]])
def test_a_scope_that_is_none_or_comes_twice_is_refused(scopes: list[str]) -> None:
    with pytest.raises(ValidationError, match="each at most once"):
        draft(scopes=scopes)


def test_half_a_million_scopes_have_one_fault() -> None:
    with pytest.raises(ValidationError) as caught:
        draft(scopes=["x"] * 500_000)
    assert caught.value.error_count() == 1


@pytest.mark.parametrize("uri", [URI, "x:", "https://a/" + "b" * 502, "urn:a-b+c.d~%20"])
def test_a_certificate_uri_of_up_to_512_characters_is_kept(uri: str) -> None:
    assert draft(certificate_uris=[uri]).certificate_uris == [uri]


@pytest.mark.parametrize(
    "uris",
    [
        [""],
        ["billing"],
        [":x"],
        ["1x:y"],
        ["x:a b"],
        ["x:\u00e9"],
        ["x:y\n"],
        ["x:\x00"],
        ["https://a/" + "b" * 503],
        [URI, URI],
        [f"x:{number}" for number in range(11)],
    ],
)
def test_any_other_list_of_certificate_uris_is_refused(uris: list[str]) -> None:
    with pytest.raises(ValidationError, match="URIs"):
        draft(certificate_uris=uris)


def test_ten_certificate_uris_keep_their_order() -> None:
    uris = [f"x:{number}" for number in range(9, -1, -1)]
    assert draft(certificate_uris=uris).certificate_uris == uris


@pytest.mark.parametrize("role", ["USER", "ADMIN"])
@pytest.mark.parametrize("fields", [{"scopes": ["tasks.read"]}, {"certificate_uris": [URI]}])
def test_only_a_service_has_scopes_and_certificates(role: str, fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="any other role than SERVICE"):
        draft(role=role, email="a@example.com", **fields)
