"""Messages made from descriptors: what Hypothesis draws is valid Protobuf, and else whatever it likes."""

from collections.abc import Callable
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from hypothesis import strategies as st

from tests.e2e.bad_input.values import UUID, swallowed

INT32, INT64 = (-(2**31), 2**31 - 1), (-(2**63), 2**63 - 1)
EDGES = (0, 1, -1, 49, 50, 1000, 1001, 10**9, 253_402_300_799, 221_876_928_000)
FILTERS = ("state = OPEN", "NOT tags:work", 'title = "*a*" AND (priority > LOW OR due_time:*)', "priority desc, title")
MARKS = ("users/-", "*", "title", "annotations.`a.b`", "metadata.`a.b`", '"x"')
TEXTS = (*FILTERS, *MARKS, "", "x", "\x00", "a" * 201, "\U0001f6eb" * 200, "e\u0301")
Strategy = st.SearchStrategy[Any]


def messages(kind: Descriptor, names: tuple[str, ...]) -> st.SearchStrategy[Message]:
    """Any message of this kind; `names` are names and etags of things that there are, so that draws hit something."""
    fields = {field: st.none() | _field(field, names) for field in kind.fields}
    return st.fixed_dictionaries(fields).map(lambda drawn: _made(kind, drawn))


def _made(kind: Descriptor, drawn: dict[FieldDescriptor, Any]) -> Message:
    message = message_factory.GetMessageClass(kind)()
    for field, value in drawn.items():
        if value is not None:
            message.MergeFrom(type(message)(**{field.name: value}))
    return message


def _field(field: FieldDescriptor, names: tuple[str, ...]) -> Strategy:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = (_single(field.message_type.fields_by_name[part], names) for part in ("key", "value"))
        return st.dictionaries(key, value, max_size=3)
    single = _single(field, names)
    return st.lists(single, max_size=3) if field.is_repeated else single


def _single(field: FieldDescriptor, names: tuple[str, ...]) -> Strategy:
    if field.message_type is not None and field.message_type.full_name == "google.protobuf.Struct":
        return st.dictionaries(st.text(max_size=70), _values(), max_size=3).map(_struct)
    if field.message_type is not None:
        return messages(field.message_type, names)
    return _scalars(names)[field.type]()


def _values() -> Strategy:
    """What JSON can say, and NaN and infinity, which it cannot."""
    single = st.none() | st.booleans() | st.floats() | st.text(max_size=300)
    return st.recursive(
        single, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    )


def _struct(value: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(value)
    return made


def _scalars(names: tuple[str, ...]) -> dict[int, Callable[[], Strategy]]:
    ids = (UUID, *swallowed(), f"users/{UUID}", "users/me", f"users/me/tasks/{UUID}")
    text = st.sampled_from(names + ids + TEXTS) | st.text(max_size=300)
    return {
        FieldDescriptor.TYPE_STRING: lambda: text,
        FieldDescriptor.TYPE_BOOL: st.booleans,
        FieldDescriptor.TYPE_ENUM: lambda: st.integers(-1, 6) | st.integers(*INT32),
        FieldDescriptor.TYPE_INT32: lambda: _integers(INT32),
        FieldDescriptor.TYPE_INT64: lambda: _integers(INT64),
    }


def _integers(bounds: tuple[int, int]) -> Strategy:
    fitting = [edge for edge in EDGES if bounds[0] <= edge <= bounds[1]]
    return st.sampled_from([*fitting, *bounds]) | st.integers(*bounds)
