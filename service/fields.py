"""The kinds of fields that schemas are made of: bounded text, times, keys without case; and the base of commands."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from service.identifiers import parse_uuid

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

# Field of proto and schema -> column, where they differ. The contract test finds any other difference.
COLUMN_OF = {
    "create_time": "created_at",
    "update_time": "updated_at",
    "delete_time": "deleted_at",
    "purge_time": "purge_at",
    "due_time": "due_at",
    "start_time": "start_at",
    "complete_time": "complete_at",
    "project": "project_id",
    "parent_task": "parent_id",
    "creator": "created_by",
    "updater": "updated_by",
}


_FIRST_MARK, _JOINER, _MARKS = "\u0300", "\u034f", 30


def column_of(field: str) -> str:
    return COLUMN_OF.get(field, field)


_FIELD_OF = {column: field for field, column in COLUMN_OF.items()}


def field_of(column: str) -> str:
    return _FIELD_OF.get(column, column)


@dataclass(frozen=True, slots=True)
class BoundedText:
    """Text of `shortest` to `longest` code points, counted after NFC, in which it is stored; without U+0000."""

    shortest: int
    longest: int

    def __call__(self, value: str) -> str:
        if "\x00" in value:
            raise ValueError("must not contain U+0000")
        # Four code points become one in NFC at the most: what is longer than that is not even looked at.
        text = value if len(value) > 4 * self.longest else composed(value)
        if not self.shortest <= len(text) <= self.longest:
            raise ValueError(f"must have {self.shortest} to {self.longest} code points, not {len(text)}")
        return text


def _instant(value: object) -> object:
    if not isinstance(value, datetime) or not EARLIEST <= value <= LATEST:
        raise ValueError("must be between 1970-01-01T00:00:00Z and 9000-12-31T23:59:59.999999Z")
    return value


def _absent_or_instant(value: object) -> object:
    return None if value is ABSENT else _instant(value)


def _optional_id(value: object) -> object:
    if value == "" or value is None:
        return None
    parsed = parse_uuid(value) if isinstance(value, str) else value
    if not isinstance(parsed, UUID):
        raise ValueError("must be a UUID in canonical lower-case form")
    return parsed


ABSENT: Any = object()  # an unset time; None stands for one that no datetime can hold
OptionalInstant = Annotated[datetime | None, BeforeValidator(_absent_or_instant)]
OptionalId = Annotated[UUID | None, BeforeValidator(_optional_id)]
Etag = Annotated[str, AfterValidator(BoundedText(0, 256))]


def composed(text: str) -> str:
    """The form in which text is stored: NFC, of text whose runs of combining marks end."""
    return unicodedata.normalize("NFC", stream_safe(text))


def caseless(text: str) -> str:
    """The key under which two spellings of a name are one: NFKC, casefold, and NFKC again, as casefold may undo it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stream_safe(text)).casefold())


def stream_safe(text: str) -> str:
    """Text with a joiner behind each 30 combining marks in a row (Stream-Safe Text Process, UAX #15, section 13).

    No language has so many. To normalise sorts them, in time quadratic in their number: without an end a request of
    64 KiB, from anybody, would hold the loop for seconds.
    """
    if text.isascii() or max(text) < _FIRST_MARK:
        return text
    safe: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks > _MARKS:
            safe.append(_JOINER)
            marks = 1
        safe.append(character)
    return "".join(safe)


def tag_key(text: str) -> str:
    """The key under which two spellings of a tag are one: without case, white space collapsed and trimmed."""
    return " ".join(caseless(text).split())


class Value(BaseModel):
    """What use cases take and give: frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Resource(Value):
    """What is kept of a resource, read off a row by the names of its columns."""

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def of(cls, row: Any) -> Self:
        """By way of a dict: reading the attributes of a row one by one costs three times as much."""
        return cls.of_all((row,))[0]

    @classmethod
    def of_all(cls, rows: Sequence[Any]) -> list[Self]:
        """The rows of one statement; a row makes the names of its columns anew each time that it is asked for them."""
        names = rows[0]._fields if rows else ()
        return [cls.model_validate(dict(zip(names, row, strict=True))) for row in rows]


class Command(Value):
    """What a mutation carries; `request_id` makes a retry safe (AIP-155), `validate_only` writes nothing (AIP-163)."""

    request_id: OptionalId = None
    validate_only: bool = False
