"""The rules of tasks: the value, and the commands that make and change it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from service.errors import InvalidArgument
from service.fields import BoundedText, Command, Etag, OptionalId, OptionalInstant, Resource, Value, column_of
from service.names import TaskName, UserName

State = Literal["OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED"]
Priority = Literal["LOW", "MEDIUM", "HIGH", "URGENT"]
Title = Annotated[str, AfterValidator(BoundedText(1, 200))]
Description = Annotated[str, AfterValidator(BoundedText(0, 10_000))]

EDITABLE = frozenset({"title", "description", "priority", "due_time"})


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
    creator: UUID = Field(validation_alias="created_by")
    updater: UUID = Field(validation_alias="updated_by")
    create_time: datetime = Field(validation_alias="created_at")
    update_time: datetime = Field(validation_alias="updated_at")
    delete_time: datetime | None = Field(validation_alias="deleted_at")
    purge_time: datetime | None = Field(validation_alias="purge_at")
    version: int


class TaskDraft(Command):
    """A task to be made; `task_id` is the caller's choice, else the server makes one."""

    parent: UserName
    task_id: OptionalId = None
    title: Title
    description: Description = ""
    priority: Priority = "MEDIUM"
    due_time: OptionalInstant = None

    def columns(self) -> dict[str, object]:
        return {column_of(field): getattr(self, field) for field in sorted(EDITABLE)}


class TaskPatch(Command):
    """What an update writes: of the editable fields those that are set."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: TaskName
    etag: Etag = ""
    title: Title = ""
    description: Description = ""
    priority: Priority = "MEDIUM"
    due_time: OptionalInstant = None
    # What `allow_missing` makes where there is no such task, or why the request cannot serve for that.
    draft: TaskDraft | None = None
    allow_missing: bool = False
    draft_fault: InvalidArgument | None = Field(default=None, exclude=True)

    def columns(self) -> dict[str, object]:
        return {column_of(field): getattr(self, field) for field in sorted(EDITABLE & self.model_fields_set)}


class TaskTarget(Command):
    """One task, and the etag that it must still have: what state changes and Undelete take."""

    name: TaskName
    etag: Etag = ""


class TaskDeletion(TaskTarget):
    allow_missing: bool = False


class TaskQuery(Value):
    """One page of an owner's tasks, or of all where `parent` is None, newest first, below the task `after`.

    `after` is the task's id, and behind it its owner's where the page is of all.
    """

    parent: UUID | None
    size: int
    after: tuple[UUID, ...] | None
    show_deleted: bool
