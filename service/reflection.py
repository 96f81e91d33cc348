"""Server reflection for grpcurl and its kind, as grpc.reflection.v1alpha and v1: the same messages under two names."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.reflection import aio

V1ALPHA: Any = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]
_OLD, _NEW = "grpc.reflection.v1alpha", "grpc.reflection.v1"


class ReflectionServicer:
    """grpcio-reflection's servicer in the shape of ours: a request stream in, messages out."""

    def __init__(self, services: Sequence[str]) -> None:
        self._answers: Any = aio.ReflectionServicer(service_names=services).ServerReflectionInfo

    def ServerReflectionInfo(  # noqa: N802 - named as the proto does
        self, requests: AsyncIterator[Message]
    ) -> AsyncIterator[reflection_pb2.ServerReflectionResponse]:
        # An asynchronous generator, which the types take for a coroutine.
        answers = self._answers(_as_v1alpha(requests), None)
        return cast("AsyncIterator[reflection_pb2.ServerReflectionResponse]", answers)


async def _as_v1alpha(requests: AsyncIterator[Message]) -> AsyncIterator[reflection_pb2.ServerReflectionRequest]:
    """An answer holds its request, so that one of v1 has to be of v1alpha's class first: their bytes are the same."""
    async for request in requests:
        same = reflection_pb2.ServerReflectionRequest.FromString(request.SerializeToString())
        if same.HasField("file_containing_symbol"):
            same.file_containing_symbol = _findable(same.file_containing_symbol)
        yield same


def _findable(symbol: str) -> str:
    """The symbol, or its service where it is a method: Python's pool finds no method by name."""
    service, _, method = symbol.rpartition(".")
    try:
        found = descriptor_pool.Default().FindServiceByName(service)
    except KeyError:
        return symbol
    return service if method in found.methods_by_name else symbol


def v1() -> ServiceDescriptor:
    """The service under its newer name, which grpcio-reflection does not bring: made of v1alpha's own descriptor."""
    pool = descriptor_pool.Default()
    path = "grpc/reflection/v1/reflection.proto"
    try:
        return pool.FindFileByName(path).services_by_name["ServerReflection"]
    except KeyError:
        file = descriptor_pb2.FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(file)
        file.name, file.package = path, _NEW
        _rename(file)
        return pool.AddSerializedFile(file.SerializeToString()).services_by_name["ServerReflection"]


def _rename(file: descriptor_pb2.FileDescriptorProto) -> None:
    for message in file.message_type:
        for field in (field for field in message.field if field.type_name):
            field.type_name = field.type_name.replace(f".{_OLD}.", f".{_NEW}.")
    for service in file.service:
        for method in service.method:
            method.input_type = method.input_type.replace(f".{_OLD}.", f".{_NEW}.")
            method.output_type = method.output_type.replace(f".{_OLD}.", f".{_NEW}.")
