"""Server reflection under both names: what grpcurl needs to call without our protos."""

from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2 as pb

from service.address import Address
from service.app import running
from service.settings import Settings
from tests.e2e.conftest import KEYS, Service
from tests.e2e.refusals import refused

VERSIONS = ("grpc.reflection.v1alpha", "grpc.reflection.v1")
OURS = ("UserService", "AuthService", "TaskService", "ProjectService")
SERVED = {*(f"taxiway.v1.{name}" for name in OURS), "grpc.health.v1.Health"}
each = pytest.mark.parametrize("version", VERSIONS)


def start(channel: grpc.aio.Channel, version: str) -> Any:
    """The messages of both versions are the same on the wire."""
    return channel.stream_stream(
        f"/{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=pb.ServerReflectionRequest.SerializeToString,
        response_deserializer=pb.ServerReflectionResponse.FromString,
    )()


async def ask(service: Service, version: str, **question: Any) -> pb.ServerReflectionResponse:
    call = start(service.channel, version)
    await call.write(pb.ServerReflectionRequest(**question))
    answer: pb.ServerReflectionResponse = await call.read()
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    return answer


@each
async def test_every_service_is_listed(service: Service, version: str) -> None:
    answer = await ask(service, version, list_services="")
    listed = {each.name for each in answer.list_services_response.service}
    assert listed == SERVED | {f"{name}.ServerReflection" for name in VERSIONS}


@each
@pytest.mark.parametrize("symbol", ["taxiway.v1.TaskService", "taxiway.v1.Task", "taxiway.v1.UserService.GetUser"])
async def test_a_symbol_is_described_by_its_file(service: Service, version: str, symbol: str) -> None:
    answer = await ask(service, version, file_containing_symbol=symbol)
    files = [FileDescriptorProto.FromString(data) for data in answer.file_descriptor_response.file_descriptor_proto]
    assert any(file.package == "taxiway.v1" for file in files)


@each
async def test_an_unknown_symbol_is_answered_as_such(service: Service, version: str) -> None:
    answer = await ask(service, version, file_containing_symbol="taxiway.v1.Nothing")
    assert answer.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


@each
async def test_production_has_no_reflection(database_url: str, version: str) -> None:
    settings = Settings(listen=Address("127.0.0.1", 0), purge="off", mode="production")
    async with AsyncExitStack() as stack:
        lifecycle = await stack.enter_async_context(running(settings, database_url, KEYS))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(str(lifecycle.address)))
        call = start(channel, version)
        await refused(call.read(), grpc.StatusCode.UNIMPLEMENTED, "METHOD_NOT_FOUND")
