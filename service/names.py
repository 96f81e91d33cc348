"""Resource names, parsed and made in this one place: `users/{user}` and `users/{user}/tasks/{task}` (AIP-122)."""

from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import BeforeValidator

from service.identifiers import parse_uuid
from service.identity import caller

USER_TYPE = "taxiway.dev/User"
TASK_TYPE = "taxiway.dev/Task"
_ID_RULE = "with ids that are UUIDs in canonical lower-case form"


class TaskId(NamedTuple):
    """A task's key: the owner is part of it."""

    owner_id: UUID
    id: UUID


def user_name(user_id: UUID) -> str:
    return f"users/{user_id}"


def task_name(owner_id: UUID, task_id: UUID) -> str:
    return f"users/{owner_id}/tasks/{task_id}"


def parse_user(name: str) -> UUID:
    """The id in `users/{user}`, the caller's for `users/me`. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user] if parsed := _user(user):
            return parsed
    raise ValueError(f"must have the form users/{{user}}, {_ID_RULE}, or `users/me`")


def parse_task(name: str) -> TaskId:
    """The key in `users/{user}/tasks/{task}`. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user, "tasks", task] if (owner_id := _user(user)) and (task_id := parse_uuid(task)):
            return TaskId(owner_id, task_id)
    raise ValueError(f"must have the form users/{{user}}/tasks/{{task}}, {_ID_RULE}; the user may be `me`")


def _user(segment: str) -> UUID | None:
    return caller().id if segment == "me" else parse_uuid(segment)


UserName = Annotated[UUID, BeforeValidator(parse_user)]
TaskName = Annotated[TaskId, BeforeValidator(parse_task)]
