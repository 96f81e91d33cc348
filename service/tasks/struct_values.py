"""Between google.protobuf.Value and plain values: dict, list, str, float, bool and None."""

from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.struct_pb2 import Value


def from_fields(fields: Mapping[str, Value], most: int) -> dict[str, Any]:
    """The plain values by key, looked at no further than one value beyond `most`: a message may hold half a million.

    Protobuf itself refuses what is nested deeper than 100 levels. An empty Value is None.
    """
    return _object(fields, iter(range(most + 1)))


def _object(fields: Mapping[str, Value], room: Iterator[int]) -> dict[str, Any]:
    return {key: _plain(fields[key], room) for key, _ in zip(fields, room, strict=False)}


def _plain(value: Value, room: Iterator[int]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _object(value.struct_value.fields, room)
    if kind == "list_value":
        return [_plain(inner, room) for inner, _ in zip(value.list_value.values, room, strict=False)]
    return None if kind in (None, "null_value") else getattr(value, kind)
