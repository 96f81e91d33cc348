"""Bad values, and the walk through the descriptors that puts them into every field there is."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Path = tuple[FieldDescriptor, ...]
UUID = "0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"


def swallowed(uuid: str = UUID) -> list[str]:
    """What `uuid.UUID()` takes for this id, or nearly so, and what is no canonical form of it."""
    plain = uuid.replace("-", "")
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in uuid)
    arabic = "".join(chr(0x660 + int(c)) if c.isdigit() else c for c in uuid)
    shifted = f"{plain[:4]}-{plain[4:]}"
    forms = [f"{{{uuid}}}", f"urn:uuid:{uuid}", f"uuid:{uuid}", uuid.upper(), plain, wide, arabic, shifted]
    padded = [f" {uuid}", f"{uuid} ", f"{uuid}\n", f"{uuid}\x00", f"\ufeff{uuid}", f"{uuid}0", uuid[:-1]]
    return [*forms, *padded, uuid.replace("-", "\u2010"), "me ", "-", "0", "null"]


def string_fields(message: Descriptor, before: Path = ()) -> Iterator[Path]:
    """The way to each string of a message, through submessages and into maps; to keys and values of maps too.

    A message that is inside of itself, as a Struct may be, is entered once.
    """
    for field in message.fields:
        if field.type == FieldDescriptor.TYPE_STRING:
            yield (*before, field)
        elif field.message_type is not None and field.message_type not in [step.message_type for step in before]:
            yield from string_fields(field.message_type, (*before, field))


def shown(path: Path) -> str:
    return ".".join(field.name for field in path)


def with_string(message: Message, path: Path, value: bytes) -> bytes:
    """The message's bytes with one more occurrence of a string field, whatever the bytes: the last one counts.

    Submessages merge and repeated fields grow, so what is given stands beside what the message holds.
    """
    encoded = value
    for field in reversed(path):
        encoded = varint(field.number << 3 | 2) + varint(len(encoded)) + encoded
    return message.SerializeToString() + encoded


def varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))
