"""UpdateUser: masks, single annotations, etags, upsert, and what a change leaves alone."""

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_user, update_user, user_draft
from tests.e2e.refusals import refused
from tests.e2e.rows import unchanged

Code = grpc.StatusCode


async def test_a_mask_writes_what_it_names_and_nothing_else(service: Service) -> None:
    user = await make_user(service, display_name="Ada", annotations={"a": "1"})
    after = await update_user(
        service, User(name=user.name, display_name="Grace", time_zone="Asia/Tokyo"), "display_name"
    )
    assert (after.display_name, after.time_zone, dict(after.annotations)) == ("Grace", "UTC", {"a": "1"})
    assert (after.version, after.etag != user.etag) == (2, True)
    assert after.update_time.ToNanoseconds() > user.update_time.ToNanoseconds()
    assert after.create_time == user.create_time


async def test_a_masked_field_that_is_not_given_is_cleared(service: Service) -> None:
    user = await make_user(service, display_name="Ada", time_zone="Asia/Tokyo", annotations={"a": "1"})
    after = await update_user(service, User(name=user.name), "display_name", "time_zone", "annotations")
    assert (after.display_name, after.time_zone, dict(after.annotations)) == ("", "UTC", {})


async def test_without_a_mask_every_populated_field_is_written(service: Service) -> None:
    user = await make_user(service, display_name="Ada", time_zone="Asia/Tokyo")
    after = await update_user(service, User(name=user.name, display_name="Grace"))
    assert (after.display_name, after.time_zone, after.email) == ("Grace", "Asia/Tokyo", user.email)


async def test_a_star_replaces_everything(service: Service) -> None:
    user = await make_user(service, display_name="Ada", time_zone="Asia/Tokyo", role="ADMIN", annotations={"a": "1"})
    after = await update_user(service, User(name=user.name, username="grace", email="g@example.com"), "*")
    assert (after.username, after.email, after.display_name) == ("grace", "g@example.com", "")
    assert (after.time_zone, after.role, dict(after.annotations)) == ("UTC", User.USER, {})


async def test_single_annotations_are_written_and_removed(service: Service) -> None:
    user = await make_user(service, annotations={"keep": "1", "drop": "2", "a.b": "3"})
    given = User(name=user.name, annotations={"new": "4", "a.b": "5", "unnamed": "6"})
    paths = ("annotations.new", "annotations.drop", "annotations.`a.b`")
    after = await update_user(service, given, *paths)
    assert dict(after.annotations) == {"keep": "1", "new": "4", "a.b": "5"}


async def test_an_annotation_is_found_under_any_spelling_of_its_key(service: Service) -> None:
    """Text is stored in NFC, so a decomposed key means the composed one."""
    user = await make_user(service, annotations={"caf\u00e9": "1"})
    changed = await update_user(
        service, User(name=user.name, annotations={"cafe\u0301": "2"}), "annotations.cafe\u0301"
    )
    assert dict(changed.annotations) == {"caf\u00e9": "2"}
    removed = await update_user(service, User(name=user.name), "annotations.cafe\u0301")
    assert dict(removed.annotations) == {}


async def test_two_spellings_of_one_annotation_are_refused(service: Service) -> None:
    given = {"caf\u00e9": "1", "cafe\u0301": "2"}
    refusal = await refused(make_user(service, annotations=given), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["user.annotations"]


async def test_the_etag_that_was_read_lets_the_write_through_once(service: Service) -> None:
    user = await make_user(service)
    read = User(name=user.name, etag=user.etag, display_name="Grace")
    await update_user(service, read, "display_name")
    read.display_name = "Hedy"
    async with unchanged(service.database_url):
        refusal = await refused(update_user(service, read, "display_name"), Code.ABORTED, "ETAG_MISMATCH")
    assert refusal.only(details.ResourceInfo).resource_name == user.name


async def test_an_update_that_changes_nothing_keeps_version_and_time(service: Service) -> None:
    user = await make_user(service, display_name="Ada", annotations={"a": "1"})
    async with unchanged(service.database_url):
        assert await update_user(service, user) == user
        assert await update_user(service, user, "*") == user
        assert await update_user(service, User(name=user.name)) == user


async def test_a_name_that_another_has_cannot_be_taken(service: Service) -> None:
    await make_user(service, username="ada", email="ada@example.com")
    other = await make_user(service)
    fields: tuple[dict[str, Any], ...] = ({"username": "Ada"}, {"email": "Ada@example.com"})
    async with unchanged(service.database_url):
        for taken in fields:
            call = update_user(service, User(name=other.name, **taken))
            await refused(call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")


async def test_case_alone_may_change(service: Service) -> None:
    user = await make_user(service, username="ada")
    assert (await update_user(service, User(name=user.name, username="Ada"))).username == "Ada"


async def test_a_person_cannot_lose_the_email(service: Service) -> None:
    person, machine = await make_user(service), await make_user(service, role="SERVICE", email="")
    async with unchanged(service.database_url):
        for call in (
            update_user(service, User(name=person.name), "email"),
            update_user(service, User(name=machine.name, role=User.ADMIN)),
        ):
            refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
            assert refusal.fields == ["user.email"]


async def test_a_deleted_user_cannot_change_not_even_with_allow_missing(service: Service) -> None:
    gone = await deleted_user(service)
    async with unchanged(service.database_url):
        for allow_missing in (False, True):
            call = update_user(service, user_draft(name=gone.name), allow_missing=allow_missing)
            refusal = await refused(call, Code.FAILED_PRECONDITION, "RESOURCE_DELETED")
            assert refusal.only(details.PreconditionFailure).violations[0].subject == gone.name


async def test_a_missing_user_is_not_found_without_allow_missing(service: Service) -> None:
    async with unchanged(service.database_url):
        await refused(update_user(service, user_draft(name=NO_USER)), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_allow_missing_makes_the_user_of_that_name_and_ignores_the_mask(service: Service) -> None:
    given = user_draft(name=NO_USER, display_name="Grace")
    made = await update_user(service, given, "time_zone", allow_missing=True)
    assert (made.name, made.display_name, made.version) == (NO_USER, "Grace", 1)
    assert await service.users.GetUser(GetUserRequest(name=NO_USER)) == made


async def test_allow_missing_of_what_is_no_whole_user_names_the_fault(service: Service) -> None:
    async with unchanged(service.database_url):
        call = update_user(service, User(name=NO_USER, display_name="x"), "display_name", allow_missing=True)
        refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(refusal.fields) == {"user.email", "user.username"}


async def test_allow_missing_of_a_user_that_is_there_updates_by_the_mask(service: Service) -> None:
    user = await make_user(service, display_name="Ada")
    given = User(name=user.name, display_name="Grace")
    after = await update_user(service, given, "display_name", allow_missing=True)
    assert (after.display_name, after.email, after.version) == ("Grace", user.email, 2)


@pytest.mark.parametrize("paths", [("annotations.new",), ("annotations",)], ids=["one", "all"])
async def test_annotations_stay_within_their_limit(service: Service, paths: tuple[str, ...]) -> None:
    user = await make_user(service, annotations={f"key-{n}": "x" for n in range(64)})
    given = User(name=user.name, annotations={f"key-{n}": "x" for n in range(64)} | {"new": "x"})
    async with unchanged(service.database_url):
        refusal = await refused(update_user(service, given, *paths), Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert refusal.fields == ["user.annotations"]
