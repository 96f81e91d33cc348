"""An account whose data was erased: nothing brings it back, and to erase it once more harms nothing."""

import grpc
import pytest

from taxiway.v1.user_pb2 import User
from taxiway.v1.user_service_pb2 import EraseUserRequest, ReactivateUserRequest, SuspendUserRequest, UndeleteUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import deleted_user, make_task, make_user
from tests.e2e.refusals import refused
from tests.e2e.rows import select, unchanged

Code = grpc.StatusCode


async def erased_user(service: Service, *, deleted: bool) -> User:
    user = await (deleted_user if deleted else make_user)(service)
    await service.users.EraseUser(EraseUserRequest(name=user.name))
    return user


@pytest.mark.parametrize("deleted", [False, True], ids=["living", "deleted before"])
async def test_it_is_not_there_to_be_brought_back(service: Service, *, deleted: bool) -> None:
    name = (await erased_user(service, deleted=deleted)).name
    users = service.users
    async with unchanged(service.database_url):
        for call in (
            users.UndeleteUser(UndeleteUserRequest(name=name)),
            users.ReactivateUser(ReactivateUserRequest(name=name)),
            users.SuspendUser(SuspendUserRequest(name=name)),
        ):
            await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_it_may_be_erased_once_more_and_is_purged_no_later(service: Service) -> None:
    user = await make_user(service)
    await make_task(service, user.name)
    first = await service.users.EraseUser(EraseUserRequest(name=user.name))
    times = "SELECT erased_at, deleted_at, purge_at FROM users WHERE erased_at IS NOT NULL"
    before = await select(service.database_url, times)
    again = await service.users.EraseUser(EraseUserRequest(name=user.name))
    assert (first.rows["tasks"], again.rows["tasks"]) == (1, 0)
    assert await select(service.database_url, times) == before
    assert len(before) == 1
