"""DeleteUser and UndeleteUser: 30 days to think again, and who has taken the name meanwhile."""

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import DeleteUserRequest, GetUserRequest, UndeleteUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_user, update_user
from tests.e2e.refusals import refused
from tests.e2e.rows import run, unchanged

Code = grpc.StatusCode
DAYS_30 = 30 * 86_400 * 10**9


async def test_a_deleted_user_goes_after_thirty_days(service: Service) -> None:
    user = await make_user(service)
    gone = await service.users.DeleteUser(DeleteUserRequest(name=user.name))
    assert gone.purge_time.ToNanoseconds() - gone.delete_time.ToNanoseconds() == DAYS_30
    assert gone.version == 2
    assert gone.delete_time.ToNanoseconds() >= user.create_time.ToNanoseconds()


async def test_deleting_twice_is_not_found_unless_missing_is_allowed(service: Service) -> None:
    gone = await deleted_user(service)
    async with unchanged(service.database_url):
        call = service.users.DeleteUser(DeleteUserRequest(name=gone.name))
        await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        assert await service.users.DeleteUser(DeleteUserRequest(name=gone.name, allow_missing=True)) == gone


async def test_deleting_what_never_was_answers_its_name_where_missing_is_allowed(service: Service) -> None:
    async with unchanged(service.database_url):
        call = service.users.DeleteUser(DeleteUserRequest(name=NO_USER))
        await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
        answer = await service.users.DeleteUser(DeleteUserRequest(name=NO_USER, allow_missing=True))
    assert answer == User(name=NO_USER)


@pytest.mark.parametrize("allow_missing", [False, True])
async def test_a_stale_etag_deletes_nothing(service: Service, *, allow_missing: bool) -> None:
    user = await make_user(service)
    changed = await update_user(service, User(name=user.name, display_name="Grace"))
    async with unchanged(service.database_url):
        request = DeleteUserRequest(name=user.name, etag=user.etag, allow_missing=allow_missing)
        await refused(service.users.DeleteUser(request), Code.ABORTED, "ETAG_MISMATCH")
    await service.users.DeleteUser(DeleteUserRequest(name=user.name, etag=changed.etag))


async def test_undelete_restores_all_but_the_version(service: Service) -> None:
    user = await make_user(service, display_name="Ada", annotations={"a": "1"})
    gone = await service.users.DeleteUser(DeleteUserRequest(name=user.name))
    back = await service.users.UndeleteUser(UndeleteUserRequest(name=user.name, etag=gone.etag))
    assert not back.HasField("delete_time")
    assert not back.HasField("purge_time")
    assert (back.version, back.display_name, back.email) == (3, user.display_name, user.email)
    assert await service.users.GetUser(GetUserRequest(name=user.name)) == back


async def test_undelete_of_a_living_user_is_refused(service: Service) -> None:
    user = await make_user(service)
    async with unchanged(service.database_url):
        call = service.users.UndeleteUser(UndeleteUserRequest(name=user.name))
        await refused(call, Code.ALREADY_EXISTS, "RESOURCE_NOT_DELETED")


@pytest.mark.parametrize("taken", ["username", "email"])
async def test_undelete_finds_the_name_taken_meanwhile(service: Service, taken: str) -> None:
    gone = await deleted_user(service, username="ada", email="ada@example.com")
    await make_user(service, **{taken: getattr(gone, taken).upper()})
    async with unchanged(service.database_url):
        call = service.users.UndeleteUser(UndeleteUserRequest(name=gone.name))
        refusal = await refused(call, Code.ALREADY_EXISTS, "RESOURCE_ALREADY_EXISTS")
    assert refusal.only(details.ErrorInfo).metadata["field"] == taken


async def test_undelete_with_a_stale_etag_is_aborted(service: Service) -> None:
    user = await make_user(service)
    await service.users.DeleteUser(DeleteUserRequest(name=user.name))
    async with unchanged(service.database_url):
        call = service.users.UndeleteUser(UndeleteUserRequest(name=user.name, etag=user.etag))
        await refused(call, Code.ABORTED, "ETAG_MISMATCH")


async def test_undelete_of_what_never_was_or_is_due_to_go_is_not_found(service: Service) -> None:
    due = await deleted_user(service)
    uuid = due.name.removeprefix("users/")
    await run(service.database_url, f"UPDATE users SET purge_at = now() - interval '1 s' WHERE id = '{uuid}'")
    async with unchanged(service.database_url):
        for name in (NO_USER, due.name):
            call = service.users.UndeleteUser(UndeleteUserRequest(name=name))
            await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
