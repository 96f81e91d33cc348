"""CreateUser and GetUser: what is kept, what is refused, and whose name is taken."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import CreateUserRequest, GetUserRequest, ListUsersRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_user, user_draft
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Code = grpc.StatusCode
CHOSEN = "0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"


async def test_a_user_is_kept_as_it_was_given(service: Service) -> None:
    given = {"display_name": "Ada Lovelace", "time_zone": "Europe/London", "annotations": {"team": "engines"}}
    made = await make_user(service, username="Ada", email="Ada@Example.com", role="ADMIN", **given)
    assert await service.users.GetUser(GetUserRequest(name=made.name)) == made
    assert (made.username, made.email, made.role) == ("Ada", "Ada@Example.com", User.ADMIN)
    assert (made.display_name, made.time_zone, dict(made.annotations)) == tuple(given.values())


async def test_what_is_not_given_gets_its_default(service: Service) -> None:
    made = await make_user(service)
    assert (made.role, made.time_zone, made.display_name, dict(made.annotations)) == (User.USER, "UTC", "", {})
    assert made.version == 1
    assert made.create_time == made.update_time
    assert not made.HasField("delete_time")
    assert not made.HasField("purge_time")


async def test_a_caller_may_choose_the_id(service: Service) -> None:
    made = await service.users.CreateUser(CreateUserRequest(user_id=CHOSEN, user=user_draft()))
    assert made.name == f"users/{CHOSEN}"


@pytest.mark.parametrize("make", [make_user, deleted_user], ids=["living", "deleted"])
async def test_an_id_that_is_there_is_taken_even_by_a_deleted_user(service: Service, make: type) -> None:
    there = await make(service)
    async with unchanged(service.database_url):
        request = CreateUserRequest(user_id=there.name.removeprefix("users/"), user=user_draft())
        refusal = await refused(service.users.CreateUser(request), Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert refusal.only(details.ResourceInfo).resource_name == there.name


@pytest.mark.parametrize("taken", [{"username": "ADA"}, {"email": "ADA@EXAMPLE.COM"}], ids=["username", "email"])
async def test_username_and_email_are_unique_without_case(service: Service, taken: dict[str, str]) -> None:
    await make_user(service, username="ada", email="ada@example.com")
    async with unchanged(service.database_url):
        refusal = await refused(make_user(service, **taken), Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert dict(refusal.only(details.ErrorInfo).metadata) == {"field": next(iter(taken))}


async def test_the_names_of_a_deleted_user_are_free(service: Service) -> None:
    gone = await deleted_user(service, username="ada")
    made = await make_user(service, username="ada")
    assert made.name != gone.name


async def test_only_a_service_may_lack_an_email(service: Service) -> None:
    assert (await make_user(service, role="SERVICE", email="")).email == ""
    for role in ("USER", "ADMIN"):
        refusal = await refused(make_user(service, role=role, email=""), Code.INVALID_ARGUMENT, "INVALID_FIELD")
        assert refusal.fields == ["user.email"]


async def test_every_field_that_is_wrong_is_named_at_once(service: Service) -> None:
    wrong = User(username="a b", email="nobody", time_zone="Mars/Olympus", display_name="x" * 201)
    wrong.role = 99  # type: ignore[assignment]  # no role has this number, which is the point
    call = service.users.CreateUser(CreateUserRequest(user_id="me", user=wrong, request_id="1"))
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    named = {"email", "username", "time_zone", "display_name", "role"}
    assert set(refusal.fields) == {"user_id", "request_id"} | {f"user.{field}" for field in named}


async def test_name_and_output_only_fields_of_the_body_are_ignored(service: Service) -> None:
    made = await make_user(service, name=NO_USER, version=7, etag='"x"', delete_time={"seconds": 1})
    assert made.name != NO_USER
    assert made.version == 1
    assert not made.HasField("delete_time")


async def test_users_me_is_the_caller_under_its_canonical_name(service: Service) -> None:
    me = await service.users.GetUser(GetUserRequest(name="users/me"))
    assert me == await service.users.GetUser(GetUserRequest(name=me.name))
    assert me.name != "users/me"


async def test_a_deleted_user_is_still_answered_by_name(service: Service) -> None:
    gone = await deleted_user(service)
    assert await service.users.GetUser(GetUserRequest(name=gone.name)) == gone


async def test_a_user_that_never_was_is_not_found(service: Service) -> None:
    call = service.users.GetUser(GetUserRequest(name=NO_USER))
    refusal = await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_name == NO_USER
    assert refusal.only(details.ResourceInfo).resource_type == "taxiway.dev/User"


async def test_an_email_that_grows_when_its_case_is_folded_is_refused(service: Service) -> None:
    """U+FDFA becomes 18 code points under NFKC: the key of 250 of them fits no column and no index."""
    email = "a@" + "\ufdfa" * 250
    async with unchanged(service.database_url):
        refusal = await refused(make_user(service, email=email), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["user.email"]
    assert (await service.users.ListUsers(ListUsersRequest())).users
