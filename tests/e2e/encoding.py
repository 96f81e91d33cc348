"""Messages as bytes in an order that no library would write: Protobuf promises none for the entries of a map."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.struct_pb2 import Struct


def field(number: int, content: bytes) -> bytes:
    """A field of bytes, of text or of a message, as it is on the wire."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    return bytes([value & 0x7F | 0x80]) + _varint(value >> 7) if value > 0x7F else bytes([value])


def struct(values: dict[str, Any], keys: Iterable[str]) -> bytes:
    """A google.protobuf.Struct with the entries in the order of `keys`; objects inside of it in theirs too."""
    return b"".join(
        field(1, field(1, key.encode()) + field(2, _value(values[key], keys))) for key in keys if key in values
    )


def _value(value: Any, keys: Iterable[str]) -> bytes:
    if isinstance(value, dict):
        return field(5, struct(value, keys))
    one = Struct()
    one.update({"k": value})
    return one.fields["k"].SerializeToString()
