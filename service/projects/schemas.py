"""The rules of projects: the value, and the commands that make and change it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from persistence.paging import PageQuery, Position
from service.colors import DEFAULT_COLOR, Color
from service.errors import InvalidArgument
from service.fields import BoundedText, Command, Etag, OptionalId, Resource
from service.names import ProjectName, UserName

EDITABLE = frozenset({"display_name", "description", "color", "archived"})


DisplayName = Annotated[str, AfterValidator(BoundedText(1, 200))]
Description = Annotated[str, AfterValidator(BoundedText(0, 10_000))]


class Project(Resource):
    """A project as it is kept; `task_count` is of living tasks."""

    owner_id: UUID
    id: UUID
    display_name: str
    description: str
    color: str
    archived: bool
    task_count: int
    create_time: datetime = Field(validation_alias="created_at")
    update_time: datetime = Field(validation_alias="updated_at")
    delete_time: datetime | None = Field(validation_alias="deleted_at")
    purge_time: datetime | None = Field(validation_alias="purge_at")
    version: int


class _Written(Command):
    """What Create and Update write."""

    display_name: DisplayName = ""
    description: Description = ""
    color: Color = DEFAULT_COLOR
    archived: bool = False

    def written(self) -> frozenset[str]:
        """Of the editable fields those that are written."""
        return EDITABLE & self.model_fields_set

    def columns(self) -> dict[str, object]:
        return {field: getattr(self, field) for field in sorted(self.written())}


class ProjectDraft(_Written):
    """A project to be made; `project_id` is the caller's choice, else the server makes one."""

    parent: UserName
    project_id: OptionalId = None
    display_name: DisplayName

    def written(self) -> frozenset[str]:
        return EDITABLE


class ProjectPatch(_Written):
    """What an update writes: of the editable fields those that are set."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: ProjectName
    etag: Etag = ""
    # What `allow_missing` makes where there is no such project, or why the request cannot serve for that.
    draft: ProjectDraft | None = None
    allow_missing: bool = False
    draft_fault: InvalidArgument | None = Field(default=None, exclude=True)


class ProjectTarget(Command):
    """One project, and the etag that it must still have: what Undelete takes."""

    name: ProjectName
    etag: Etag = ""


class ProjectDeletion(ProjectTarget):
    allow_missing: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class ProjectQuery:
    """A page of an owner's projects; `asked` for one more than the page's `size`; tokens are bound to `scope`."""

    parent: UUID
    size: int
    asked: PageQuery
    scope: bytes


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """One project more than the page holds, where there is more; else `stopped` may say where to go on."""

    projects: list[Project]
    stopped: Position | None
