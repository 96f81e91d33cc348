"""Every error says what happened in a form that machines read (AIP-193), unknown methods of every arity too."""

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2 as details

from taxiway.v1.task_service_pb2 import GetTaskRequest
from taxiway.v1.user_service_pb2 import BatchGetUsersRequest, GetUserRequest
from tests.e2e.conftest import Service
from tests.e2e.making import NO_TASK, NO_USER
from tests.e2e.refusals import refused

Code = grpc.StatusCode
UNKNOWN = (
    "/taxiway.v1.TaskService/Nothing",
    "/taxiway.v1.Nothing/GetTask",
    "/nothing",
    "/a/b/c",
    "/grpc.health.v1.Health/X",
)


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("arity", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
async def test_an_unknown_method_is_unimplemented(service: Service, path: str, arity: str) -> None:
    start: Any = getattr(service.channel, arity)(path)
    call = start() if arity.startswith("stream") else start(b"\xff")
    answer = call.read() if arity.endswith("stream") else call
    await refused(answer, Code.UNIMPLEMENTED, "METHOD_NOT_FOUND")


async def test_the_incident_id_is_the_callers_own_where_it_sent_one(service: Service) -> None:
    call: Any = service.users.GetUser(GetUserRequest(name=NO_USER), metadata=(("x-request-id", "my-id-1"),))
    refusal = await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.only(details.RequestInfo).request_id == "my-id-1"
    assert ("x-request-id", "my-id-1") in refusal.trailers


@pytest.mark.parametrize("given", ["x" * 65, "a b", ""])
async def test_an_incident_id_that_is_long_or_no_word_is_replaced(service: Service, given: str) -> None:
    call: Any = service.users.GetUser(GetUserRequest(name=NO_USER), metadata=(("x-request-id", given),))
    refusal = await refused(call, Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    assert refusal.only(details.RequestInfo).request_id not in ("", given)


async def test_a_resource_that_is_missing_is_named_with_its_type(service: Service) -> None:
    name = f"{NO_USER}/{NO_TASK}"
    refusal = await refused(service.tasks.GetTask(GetTaskRequest(name=name)), Code.NOT_FOUND, "RESOURCE_NOT_FOUND")
    named = refusal.only(details.ResourceInfo)
    assert (named.resource_type, named.resource_name) == ("taxiway.dev/Task", name)


async def test_of_many_violations_twenty_are_named_and_the_status_stays_short(service: Service) -> None:
    """A status of more than 8 KiB never reaches the client: it would see another code."""
    call = service.users.BatchGetUsers(BatchGetUsersRequest(names=["x" * 50] * 500))
    refusal = await refused(call, Code.INVALID_ARGUMENT, "INVALID_FIELD")
    assert 1 <= len(refusal.fields) <= 20
    assert sum(len(value) for _, value in refusal.trailers) <= 4096


async def test_metadata_beyond_6_kib_is_refused_with_details(service: Service) -> None:
    call: Any = service.users.GetUser(GetUserRequest(name="users/me"), metadata=(("x-long", "x" * 6200),))
    await refused(call, Code.RESOURCE_EXHAUSTED, "METADATA_TOO_LARGE")
