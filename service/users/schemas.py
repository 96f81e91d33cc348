"""The rules of users: the value, and the commands that make and change it."""

import re
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator

from service.errors import InvalidArgument
from service.fields import BoundedText, Command, Etag, OptionalId, Resource, Value, caseless
from service.names import UserName

Role = Literal["USER", "SERVICE", "ADMIN"]
EDITABLE = frozenset({"email", "username", "display_name", "time_zone", "role", "annotations"})
ANNOTATIONS = 64  # entries of one user
ANNOTATION_BYTES = 16 << 10  # so that a page of users stays a page
_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f.]+(\.[^\s@\x00-\x1f\x7f.]+)*")
_address = BoundedText(3, 254)
_annotation_key = BoundedText(1, 63)
_annotation_value = BoundedText(0, 1000)


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    """The names that the package tzdata lists, the same on every server; read once, and not at import."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


def _username(value: str) -> str:
    if not _USERNAME.fullmatch(value):
        raise ValueError("must consist of ASCII letters, digits and `._-`, and begin with a letter or digit")
    return value


def _email(value: str | None) -> str | None:
    if not value:
        return None
    text = _address(value)
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be a mail address, as in ada@example.com")
    if len(caseless(text)) > _address.longest:  # one code point may become 18, and an index entry has its limit
        raise ValueError(f"must have at most {_address.longest} code points without case (NFKC, casefold) too")
    return text


def _time_zone(value: str) -> str:
    if value not in _time_zones():
        raise ValueError("must be an IANA time zone, as in Europe/Berlin")
    return value


def _annotations(value: dict[str, str]) -> dict[str, str]:
    if len(value) > ANNOTATIONS:
        raise ValueError(f"must have at most {ANNOTATIONS} entries, not {len(value)}")
    if sum(len(key.encode()) + len(text.encode()) for key, text in value.items()) > ANNOTATION_BYTES:
        raise ValueError(f"must have at most {ANNOTATION_BYTES} bytes of UTF-8, keys and values together")
    try:
        checked = {_annotation_key(key): _annotation_value(text) for key, text in value.items()}
    except ValueError as fault:
        raise ValueError(f"has a key (1 to 63 code points) or a value (up to 1000) that {fault}") from None
    if len(checked) < len(value):
        raise ValueError("has two keys that are the same text in NFC")
    return checked


Username = Annotated[str, AfterValidator(BoundedText(1, 63)), AfterValidator(_username)]
Email = Annotated[str | None, AfterValidator(_email)]
DisplayName = Annotated[str, AfterValidator(BoundedText(0, 200))]
TimeZone = Annotated[str, AfterValidator(BoundedText(1, 64)), AfterValidator(_time_zone)]
Annotations = Annotated[dict[str, str], AfterValidator(_annotations)]


class User(Resource):
    """An account as it is kept; read off a row by attribute."""

    id: UUID
    email: str | None
    username: str
    display_name: str
    time_zone: str
    role: Role
    annotations: dict[str, str]
    create_time: datetime = Field(validation_alias="created_at")
    update_time: datetime = Field(validation_alias="updated_at")
    delete_time: datetime | None = Field(validation_alias="deleted_at")
    purge_time: datetime | None = Field(validation_alias="purge_at")
    version: int


class _Fields(Command):
    """The editable fields, and how they become columns: what is unique without case gets its key beside it."""

    role: Role = "USER"  # before the mail address, which it may make a must
    email: Email = None
    username: Username = ""
    display_name: DisplayName = ""
    time_zone: TimeZone = "UTC"
    annotations: Annotations = Field(default_factory=dict)

    def columns(self) -> dict[str, object]:
        values = {field: getattr(self, field) for field in sorted(self.written())}
        keys = {f"{field}_key": caseless(values[field]) if values[field] else None for field in _UNIQUE & values.keys()}
        return values | keys

    def written(self) -> frozenset[str]:
        return EDITABLE


_UNIQUE = frozenset({"email", "username"})


class UserDraft(_Fields):
    """A user to be made; `user_id` is the caller's choice, else the server makes one."""

    user_id: OptionalId = None
    username: Username

    @field_validator("email")
    @classmethod
    def _people_have_email(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("role", "SERVICE") != "SERVICE":
            raise ValueError("is required for a user of role USER or ADMIN")
        return value


class UserPatch(_Fields):
    """What an update writes: of the editable fields those that are set."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: UserName
    etag: Etag = ""
    # Single annotations to write, or to remove where the value is None.
    annotation_changes: dict[str, str | None] = Field(default_factory=dict)
    # What `allow_missing` makes where there is no such user, or why the request cannot serve for that.
    draft: UserDraft | None = None
    allow_missing: bool = False
    draft_fault: InvalidArgument | None = Field(default=None, exclude=True)

    def written(self) -> frozenset[str]:
        return EDITABLE & self.model_fields_set

    def merged(self, annotations: dict[str, str]) -> dict[str, str]:
        """The annotations after the changes of single keys. Raises ValueError where they break the limits."""
        merged = annotations | self.annotation_changes
        return _annotations({key: value for key, value in merged.items() if value is not None})


class UserTarget(Command):
    """One user, and the etag that it must still have."""

    name: UserName
    etag: Etag = ""


class UserDeletion(UserTarget):
    allow_missing: bool = False


class UserQuery(Value):
    """One page of the users, newest first, below the user `after`."""

    size: int
    after: UUID | None
    show_deleted: bool
