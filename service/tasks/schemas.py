"""The rules of tasks: the value, and the commands that make and change it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AliasGenerator, ConfigDict, Field

from service.errors import InvalidArgument
from service.fields import BoundedText, Command, Etag, OptionalId, OptionalInstant, Value, column_of
from service.names import TaskName, UserName

State = Literal["OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED"]
Priority = Literal["LOW", "MEDIUM", "HIGH", "URGENT"]
Title = Annotated[str, AfterValidator(BoundedText(1, 200))]
Description = Annotated[str, AfterValidator(BoundedText(0, 10_000))]

EDITABLE = frozenset({"title", "description", "priority", "due_time"})


class Task(Value):
    """A task as it is kept; read off a row by attribute."""

    model_config = ConfigDict(
        from_attributes=True, extra="ignore", alias_generator=AliasGenerator(validation_alias=column_of)
    )

    owner_id: UUID
    id: UUID
    title: str
    description: str
    state: State
    priority: Priority
    due_time: datetime | None
    start_time: datetime | None
    complete_time: datetime | None
    creator: UUID
    updater: UUID
    create_time: datetime
    update_time: datetime
    delete_time: datetime | None
    purge_time: datetime | None
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
    """One page of an owner's tasks, newest first, below the task `after`."""

    parent: UUID
    size: int
    after: UUID | None
    show_deleted: bool
