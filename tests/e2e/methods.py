"""Every method of the service, walked from the descriptors: how it is called with bytes, whatever its arity."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message

from taxiway.v1 import access_pb2, auth_service_pb2, project_service_pb2, task_service_pb2, user_service_pb2

SERVICES = (
    user_service_pb2.DESCRIPTOR.services_by_name["UserService"],
    auth_service_pb2.DESCRIPTOR.services_by_name["AuthService"],
    task_service_pb2.DESCRIPTOR.services_by_name["TaskService"],
    project_service_pb2.DESCRIPTOR.services_by_name["ProjectService"],
)


@dataclass(frozen=True)
class Method:
    """One method: how it is called with bytes, and what its request is."""

    descriptor: MethodDescriptor

    @property
    def name(self) -> str:
        return self.descriptor.name

    @property
    def path(self) -> str:
        return f"/{self.descriptor.containing_service.full_name}/{self.name}"

    @property
    def request(self) -> type[Message]:
        return message_factory.GetMessageClass(self.descriptor.input_type)

    @property
    def mutates(self) -> bool:
        """Whether it is repeated safely by a `request_id`; what answers a secret writes too, and has none."""
        return "request_id" in self.descriptor.input_type.fields_by_name

    @property
    def reads(self) -> bool:
        options = self.descriptor.GetOptions()
        return bool(options.idempotency_level == options.NO_SIDE_EFFECTS)

    @property
    def is_about_the_caller(self) -> bool:
        """Whether it says by its request nothing of whom it is about: it is whoever calls."""
        return bool(self.descriptor.GetOptions().Extensions[access_pb2.access].authenticated)

    def __str__(self) -> str:
        return self.name

    def raw(self, channel: grpc.aio.Channel) -> Callable[[bytes], Awaitable[bytes]]:
        """Calls with bytes as they are, and answers bytes: those of a stream joined, which is a message too."""

        async def call(request: bytes) -> bytes:
            answer, _ = await self.with_trailers(channel, request)
            return answer

        return call

    async def with_trailers(self, channel: grpc.aio.Channel, request: bytes) -> tuple[bytes, tuple[Any, ...]]:
        """The answer as `raw` has it, and the trailing metadata. Raises AioRpcError."""
        kind = f"{_arity(self.descriptor.client_streaming)}_{_arity(self.descriptor.server_streaming)}"
        given = self._stream(request) if self.descriptor.client_streaming else request
        call: Any = getattr(channel, kind)(self.path)(given)  # without serializers, which the types ask for
        answer = b"".join([part async for part in call]) if self.descriptor.server_streaming else await call
        return answer, tuple(await call.trailing_metadata())

    async def _stream(self, request: bytes) -> AsyncIterator[bytes]:
        """The message, and behind the rows of an import the count that ends it."""
        yield request
        if self.name == "ImportTasks":
            with suppress(DecodeError):  # bytes that are no message are refused before another one is looked at
                message: Any = self.request.FromString(request)
                yield self.request(parent=message.parent, count=len(message.tasks)).SerializeToString()


def _arity(streaming: bool) -> str:
    return "stream" if streaming else "unary"


def methods() -> list[Method]:
    return [Method(method) for service in SERVICES for method in service.methods]


def mutations() -> list[Method]:
    return [method for method in methods() if method.mutates]
