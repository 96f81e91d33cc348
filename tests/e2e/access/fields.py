"""Fields of the contract: which a request carries, and values to plant in those that nobody may write."""

from collections.abc import Iterator
from typing import Any, TypeVar

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from taxiway.v1 import access_pb2
from tests.e2e.access.contract import behaviours

Made = TypeVar("Made", bound=Message)
PLANTED = Timestamp(seconds=1_000_000_000)


def paths(kind: Descriptor, prefix: str = "") -> Iterator[tuple[str, FieldDescriptor]]:
    """Every field that a message of this kind can carry, with its path."""
    for field in kind.fields:
        yield f"{prefix}{field.name}", field
        inner = field.message_type
        if inner is not None and _is_ours(inner):
            yield from paths(inner, f"{prefix}{field.name}.")


def _is_ours(kind: Descriptor) -> bool:
    return kind.full_name.startswith("taxiway.") and not kind.GetOptions().map_entry


def write_text(message: Message, path: str, text: str) -> None:
    """Puts the text into the field of this path, into the first of a list."""
    *steps, last = path.split(".")
    for step in steps:
        inner = getattr(message, step)
        message = inner if isinstance(inner, Message) else (inner[0] if inner else inner.add())
    held = getattr(message, last)
    if isinstance(held, str):
        setattr(message, last, text)
    else:
        held[:] = [text]


def restricted(field: FieldDescriptor) -> bool:
    return bool(field.GetOptions().Extensions[access_pb2.administrators_only])


def is_output_only(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.OUTPUT_ONLY in behaviours(field)


def output_only(kind: type[Message]) -> list[FieldDescriptor]:
    fields: Any = kind.DESCRIPTOR.fields
    return [field for field in fields if is_output_only(field)]


def planted(field: FieldDescriptor) -> Any:
    """A value that the service itself would never have put there in a test."""
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    if field.message_type is not None:
        return PLANTED
    return "users/planted" if field.type == FieldDescriptor.TYPE_STRING else 77


def with_planted(kind: type[Made], **fields: Any) -> Made:
    """A message with `fields`, and a value in every output-only one."""
    return kind(**fields, **{field.name: planted(field) for field in output_only(kind)})


def kept(message: Message) -> list[str]:
    """The output-only fields that hold what was planted in them."""
    return [field.name for field in output_only(type(message)) if getattr(message, field.name) == planted(field)]
