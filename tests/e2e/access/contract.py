"""Every method of taxiway.v1, walked from the descriptors, and how it is called and answered, whatever its arity."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message

import taxiway.v1
from taxiway.v1 import access_pb2
from taxiway.v1.access_pb2 import Access

USER = "taxiway.dev/User"
Metadata = tuple[tuple[str, str | bytes], ...]


@dataclass(frozen=True)
class Outcome:
    """How a call ended, with all that the caller can see of it."""

    code: grpc.StatusCode
    message: str = ""
    trailers: Metadata = ()
    answers: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Rpc:
    """One method of the contract."""

    descriptor: MethodDescriptor

    def __str__(self) -> str:
        return self.descriptor.name

    @property
    def path(self) -> str:
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    @property
    def access(self) -> Access:
        return self.descriptor.GetOptions().Extensions[access_pb2.access]

    @property
    def request(self) -> type[Message]:
        return message_factory.GetMessageClass(self.descriptor.input_type)

    async def call(self, channel: grpc.aio.Channel, request: Message, metadata: Metadata = ()) -> Outcome:
        """Sends one message, also where the method takes a stream of them, and reads to the end."""
        answer = message_factory.GetMessageClass(self.descriptor.output_type)
        takes, gives = (
            "stream" if streaming else "unary"
            for streaming in (self.descriptor.client_streaming, self.descriptor.server_streaming)
        )
        start: Any = getattr(channel, f"{takes}_{gives}")(
            self.path, request_serializer=type(request).SerializeToString, response_deserializer=answer.FromString
        )
        given = _once(request) if takes == "stream" else request
        call = start(given, metadata=metadata, timeout=20)
        try:
            answers = [message async for message in call] if gives == "stream" else [await call]
        except grpc.aio.AioRpcError as error:
            return Outcome(error.code(), error.details() or "", tuple(error.trailing_metadata() or ()))
        return Outcome(grpc.StatusCode.OK, answers=tuple(answers))


def services() -> list[ServiceDescriptor]:
    """Of every module of the package: one that is added is found."""
    names = [f"taxiway.v1.{module.name}" for module in pkgutil.iter_modules(taxiway.v1.__path__)]
    files = [importlib.import_module(name).DESCRIPTOR for name in names if name.endswith("_pb2")]
    return [service for file in files for service in file.services_by_name.values()]


def rpcs() -> list[Rpc]:
    return [Rpc(method) for service in services() for method in service.methods]


def rpc(name: str) -> Rpc:
    """The method of this name, of whatever service."""
    (found,) = (each for each in rpcs() if str(each) == name)
    return found


def filled(kind: Descriptor, names: Mapping[str, str], values: Mapping[str, object]) -> Message:
    """A request about one resource, with nothing in it that the contract does not ask for.

    `names`: type of a resource -> the name for each field that names one. `values`: what else is given, by field.
    Raises KeyError for a required field that nobody has a value for.
    """
    given = {field.name: _value(field, names, values) for field in kind.fields if _is_given(field, values)}
    return message_factory.GetMessageClass(kind)(**given)


def _is_given(field: FieldDescriptor, values: Mapping[str, object]) -> bool:
    behaviour = behaviours(field)
    if behaviour & {field_behavior_pb2.REQUIRED, field_behavior_pb2.IDENTIFIER}:
        return True
    wanted = field.name in values and not field.GetOptions().Extensions[access_pb2.administrators_only]
    message: Any = field.containing_type
    return wanted or (_referenced(field) != "" and message.name.endswith("Request"))


def _value(field: FieldDescriptor, names: Mapping[str, str], values: Mapping[str, object]) -> Any:
    if field.message_type is not None:
        # A request within a batch has no id of its own.
        within = {name: given for name, given in values.items() if name != "request_id"}
        value: object = filled(field.message_type, names, within)
    elif referenced := _referenced(field):
        value = names[referenced]
    else:
        return values[field.name]
    return [value] if field.is_repeated else value


def behaviours(field: FieldDescriptor) -> frozenset[int]:
    found: Sequence[int] = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return frozenset(found)


def _referenced(field: FieldDescriptor) -> str:
    """The type of resource that the field names: an account is the parent of all there is."""
    if field_behavior_pb2.IDENTIFIER in behaviours(field):
        message: Any = field.containing_type  # None for an extension alone
        return str(message.GetOptions().Extensions[resource_pb2.resource].type)
    reference = field.GetOptions().Extensions[resource_pb2.resource_reference]
    return USER if reference.child_type else str(reference.type)


def path_of(message: Message, path: str) -> Any:
    """The value of a field, as in `task.name`."""
    value: Any = message
    for step in path.split("."):
        value = getattr(value, step)
    return value


async def _once(request: Any) -> AsyncIterator[Message]:
    """The message, and behind the rows of an import the count that ends it."""
    yield request
    if "count" in request.DESCRIPTOR.fields_by_name:
        yield type(request)(parent=request.parent, count=len(request.tasks))
