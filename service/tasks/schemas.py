"""The rules of tasks: the value, and the commands that make and change it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from persistence.paging import PageQuery, Position
from persistence.repositories.base import KeyChanges
from service.errors import InvalidArgument
from service.fields import BoundedText, Command, Etag, OptionalId, OptionalInstant, Resource, column_of
from service.names import OptionalProject, OptionalTask, ProjectId, TaskId, TaskName, UserName
from service.tasks.metadata import Metadata
from service.tasks.tag_fields import Tags, TagWord

State = Literal["OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED"]
Priority = Literal["LOW", "MEDIUM", "HIGH", "URGENT"]
Title = Annotated[str, AfterValidator(BoundedText(1, 200))]
Description = Annotated[str, AfterValidator(BoundedText(0, 10_000))]

EDITABLE = frozenset({"title", "description", "priority", "due_time", "tags", "project", "parent_task", "metadata"})


class Task(Resource):
    """A task as it is kept; read off a row by attribute."""

    owner_id: UUID
    id: UUID
    title: str
    description: str
    state: State
    priority: Priority
    due_time: datetime | None = Field(validation_alias="due_at")
    start_time: datetime | None = Field(validation_alias="start_at")
    complete_time: datetime | None = Field(validation_alias="complete_at")
    tags: list[str]
    project: UUID | None = Field(validation_alias="project_id")
    parent_task: UUID | None = Field(validation_alias="parent_id")
    metadata: dict[str, Any]
    creator: UUID = Field(validation_alias="created_by")
    updater: UUID = Field(validation_alias="updated_by")
    create_time: datetime = Field(validation_alias="created_at")
    update_time: datetime = Field(validation_alias="updated_at")
    delete_time: datetime | None = Field(validation_alias="deleted_at")
    purge_time: datetime | None = Field(validation_alias="purge_at")
    version: int


class _Written(Command):
    """What Create and Update write."""

    title: Title = ""
    description: Description = ""
    priority: Priority = "MEDIUM"
    due_time: OptionalInstant = None
    tags: Tags = ()
    project: OptionalProject = None
    parent_task: OptionalTask = None
    metadata: Metadata = Field(default={})

    def written(self) -> frozenset[str]:
        """Of the editable fields those that are written."""
        return EDITABLE & self.model_fields_set

    def columns(self) -> dict[str, object]:
        return {column_of(field): _column(field, getattr(self, field)) for field in sorted(self.written())}


def _column(field: str, value: Any) -> object:
    make = _COLUMN.get(field)
    return value if make is None else make(value)


def _id(value: ProjectId | TaskId | None) -> UUID | None:
    return None if value is None else value.id


def _keys(value: Sequence[TagWord]) -> list[str]:
    return [word.key for word in value]


_COLUMN: dict[str, Callable[[Any], object]] = {"tags": _keys, "project": _id, "parent_task": _id}


class TaskDraft(_Written):
    """A task to be made; `task_id` is the caller's choice, else the server makes one."""

    parent: UserName
    task_id: OptionalId = None
    title: Title

    def written(self) -> frozenset[str]:
        return EDITABLE


class TaskPatch(_Written):
    """What an update writes: of the editable fields those that are set, and single keys of the metadata."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: TaskName
    etag: Etag = ""
    metadata_set: Metadata = Field(default={})
    metadata_removed: tuple[str, ...] = ()
    # What `allow_missing` makes where there is no such task, or why the request cannot serve for that.
    draft: TaskDraft | None = None
    allow_missing: bool = False
    draft_fault: InvalidArgument | None = Field(default=None, exclude=True)

    def columns(self) -> dict[str, object]:
        columns = super().columns()
        if self.metadata_set or self.metadata_removed:
            columns["metadata"] = KeyChanges(self.metadata_set, self.metadata_removed)
        return columns


class TaskTarget(Command):
    """One task, and the etag that it must still have: what state changes and Undelete take."""

    name: TaskName
    etag: Etag = ""
    force: bool = False


class TaskDeletion(TaskTarget):
    allow_missing: bool = False


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """A page of an owner's tasks, or of all where `parent` is None; `asked` for one more than the page's `size`.

    `scope` is what its tokens are bound to.
    """

    parent: UUID | None
    size: int
    asked: PageQuery
    scope: bytes


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One task more than the page holds, where there is more; else `stopped` may say where to go on."""

    tasks: list[Task]
    stopped: Position | None
