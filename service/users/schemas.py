"""The rules of users: the value, and the commands that make and change it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from persistence.paging import PageQuery, Position
from service.errors import InvalidArgument
from service.fields import Command, Etag, OptionalId, Resource, caseless
from service.identity import Role
from service.names import UserName
from service.users.fields import (
    Annotations,
    CertificateUris,
    DisplayName,
    Email,
    PhoneNumber,
    Scopes,
    State,
    TimeZone,
    Username,
    merged_annotations,
)

EDITABLE = frozenset(
    {
        "email",
        "username",
        "display_name",
        "phone_number",
        "time_zone",
        "role",
        "scopes",
        "certificate_uris",
        "annotations",
    }
)
OF_SERVICES = frozenset({"scopes", "certificate_uris"})  # empty for every other role


class User(Resource):
    """An account as it is kept; read off a row by attribute."""

    id: UUID
    email: str | None
    username: str
    display_name: str
    phone_number: str | None = Field(repr=False)
    time_zone: str
    role: Role
    state: State
    scopes: list[str]
    certificate_uris: list[str]
    annotations: dict[str, str]
    create_time: datetime = Field(validation_alias="created_at")
    update_time: datetime = Field(validation_alias="updated_at")
    delete_time: datetime | None = Field(validation_alias="deleted_at")
    purge_time: datetime | None = Field(validation_alias="purge_at")
    version: int


class _Fields(Command):
    """The editable fields, and how they become columns: what is unique without case gets its key beside it."""

    role: Role = "USER"  # before what it makes a must or forbids
    email: Email = None
    username: Username = ""
    display_name: DisplayName = ""
    phone_number: PhoneNumber = Field(default=None, repr=False)
    time_zone: TimeZone = "UTC"
    scopes: Scopes = Field(default_factory=list)
    certificate_uris: CertificateUris = Field(default_factory=list)
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

    @field_validator(*sorted(OF_SERVICES))
    @classmethod
    def _people_have_none(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if value and info.data.get("role", "SERVICE") != "SERVICE":
            raise ValueError("must be empty for any other role than SERVICE")
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
        return merged_annotations({key: value for key, value in merged.items() if value is not None})


class UserTarget(Command):
    """One user, and the etag that it must still have."""

    name: UserName
    etag: Etag = ""


class UserDeletion(UserTarget):
    allow_missing: bool = False


class PasswordResetDraft(Command):
    """A one-time token to be made for the account `parent`."""

    parent: UserName


@dataclass(frozen=True, slots=True)
class UserQuery:
    """A page of users, newest first; `asked` for one more than its `size`. `scope` is what its tokens are bound to."""

    size: int
    asked: PageQuery
    scope: bytes


@dataclass(frozen=True, slots=True)
class UserPage:
    """One user more than the page holds, where there is more; else `stopped` may say where to go on."""

    users: list[User]
    stopped: Position | None
