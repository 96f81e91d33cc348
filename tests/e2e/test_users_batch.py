"""BatchGetUsers: in the order asked, all or nothing, and within its bounds."""

import asyncio

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.user_service_pb2 import BatchGetUsersRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_USER, deleted_user, make_user
from tests.e2e.refusals import refused


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


Code = grpc.StatusCode


async def test_users_come_in_the_order_asked_deleted_and_repeated_ones_too(service: Service) -> None:
    first, gone, second = await make_user(service), await deleted_user(service), await make_user(service)
    asked = [second, gone, first, second]
    response = await service.users.BatchGetUsers(BatchGetUsersRequest(names=[user.name for user in asked]))
    assert list(response.users) == asked


async def test_users_me_stands_in_a_batch_too(service: Service) -> None:
    (me,) = (await service.users.BatchGetUsers(BatchGetUsersRequest(names=["users/me"]))).users
    assert me.role


async def test_one_missing_user_fails_the_batch_and_is_named(service: Service) -> None:
    user = await make_user(service)
    call = service.users.BatchGetUsers(BatchGetUsersRequest(names=[user.name, NO_USER]))
    refusal = await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.only(details.ResourceInfo).resource_name == NO_USER
    assert "names[1]" in refusal.message


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_one_to_500_names(service: Service, count: int) -> None:
    call = service.users.BatchGetUsers(BatchGetUsersRequest(names=["users/me"] * count))
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(refusal.fields) == {"names"}


async def test_500_names_are_served(service: Service) -> None:
    response = await service.users.BatchGetUsers(BatchGetUsersRequest(names=["users/me"] * 500))
    assert len(response.users) == 500


async def test_a_batch_of_half_a_million_empty_names_is_refused_by_its_length_alone(service: Service) -> None:
    """To name the fault of each would hold the loop, and with it every other call, for seconds."""
    call = service.users.BatchGetUsers(BatchGetUsersRequest(names=[""] * 500_000))
    async with asyncio.timeout(2.0):
        await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")


async def test_a_batch_beyond_one_answer_says_how_many_fit(service: Service) -> None:
    annotations = {f"key-{n}": "\U0001f6eb" * 1000 for n in range(4)}
    names = [(await make_user(service, annotations=annotations)).name for _ in range(2)]
    call = service.users.BatchGetUsers(BatchGetUsersRequest(names=names * 250))
    refusal = await refused(call, Code.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
    fit = int(refusal.only(details.ErrorInfo).metadata["fit"])
    response = await service.users.BatchGetUsers(BatchGetUsersRequest(names=(names * 250)[:fit]))
    assert len(response.users) == fit
    assert response.ByteSize() <= 3 << 20
