"""Resource names, parsed and made in this one place, as in `users/{user}/tasks/{task}` (AIP-122)."""

from typing import Annotated, NamedTuple
from uuid import UUID

from pydantic import BeforeValidator

from service.identifiers import parse_uuid
from service.identity import caller

USER_TYPE = "taxiway.dev/User"
TASK_TYPE = "taxiway.dev/Task"
PROJECT_TYPE = "taxiway.dev/Project"
TAG_TYPE = "taxiway.dev/Tag"
SESSION_TYPE = "taxiway.dev/Session"
API_KEY_TYPE = "taxiway.dev/ApiKey"
ACROSS = "-"  # stands for every owner, where the contract says so (AIP-159)
_ID_RULE = "with ids that are UUIDs in canonical lower-case form"


class TaskId(NamedTuple):
    """A task's key: the owner is part of it."""

    owner_id: UUID
    id: UUID


class ProjectId(NamedTuple):
    """A project's key: the owner is part of it."""

    owner_id: UUID
    id: UUID


class TagId(NamedTuple):
    """A tag's key: the owner is part of it."""

    owner_id: UUID
    id: UUID


class SessionId(NamedTuple):
    """A session, and whose it is."""

    user_id: UUID
    id: UUID


class ApiKeyId(NamedTuple):
    """An API key, and the account that it is for."""

    user_id: UUID
    id: UUID


class AnyTask(NamedTuple):
    """A task to be found: by its key, or by its id alone where the owner is None."""

    owner_id: UUID | None
    id: UUID


def user_name(user_id: UUID) -> str:
    return f"users/{user_id}"


def task_name(owner_id: UUID, task_id: UUID) -> str:
    return f"users/{owner_id}/tasks/{task_id}"


def project_name(owner_id: UUID, project_id: UUID) -> str:
    return f"users/{owner_id}/projects/{project_id}"


def tag_name(owner_id: UUID, tag_id: UUID) -> str:
    return f"users/{owner_id}/tags/{tag_id}"


def session_name(user_id: UUID, session_id: UUID) -> str:
    return f"users/{user_id}/sessions/{session_id}"


def api_key_name(user_id: UUID, key_id: UUID) -> str:
    return f"users/{user_id}/apiKeys/{key_id}"


def audit_event_name(event_id: UUID) -> str:
    return f"auditEvents/{event_id}"


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


def parse_project(name: str) -> ProjectId:
    """The key in `users/{user}/projects/{project}`. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user, "projects", project] if (owner_id := _user(user)) and (found := parse_uuid(project)):
            return ProjectId(owner_id, found)
    raise ValueError(f"must have the form users/{{user}}/projects/{{project}}, {_ID_RULE}; the user may be `me`")


def parse_tag(name: str) -> TagId:
    """The key in `users/{user}/tags/{tag}`. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user, "tags", tag] if (owner_id := _user(user)) and (tag_id := parse_uuid(tag)):
            return TagId(owner_id, tag_id)
    raise ValueError(f"must have the form users/{{user}}/tags/{{tag}}, {_ID_RULE}; the user may be `me`")


def parse_session(name: str) -> SessionId:
    """The key in `users/{user}/sessions/{session}`. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user, "sessions", session] if (user_id := _user(user)) and (session_id := parse_uuid(session)):
            return SessionId(user_id, session_id)
    raise ValueError(f"must have the form users/{{user}}/sessions/{{session}}, {_ID_RULE}; the user may be `me`")


def parse_api_key(name: str) -> ApiKeyId:
    """The key in `users/{user}/apiKeys/{api_key}`. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user, "apiKeys", key] if (user_id := _user(user)) and (key_id := parse_uuid(key)):
            return ApiKeyId(user_id, key_id)
    raise ValueError(f"must have the form users/{{user}}/apiKeys/{{api_key}}, {_ID_RULE}; the user may be `me`")


def parse_any_task(name: str) -> AnyTask:
    """As `parse_task`, and `users/-/tasks/{task}` for a task of whatever owner. Raises ValueError with the rule."""
    match name.split("/"):
        case ["users", user, "tasks", task] if user == ACROSS and (task_id := parse_uuid(task)):
            return AnyTask(None, task_id)
    return AnyTask(*parse_task(name))


def parse_owners(name: str) -> UUID | None:
    """As `parse_user`; None for `users/-`, all owners. Raises ValueError with the rule."""
    return None if name == f"users/{ACROSS}" else parse_user(name)


def owner_in(name: str) -> UUID | str | None:
    """Whose a resource is, by its name alone: the owner's id, ACROSS for `users/-`, None where it names no owner."""
    collection, _, rest = name.partition("/")
    user = rest.partition("/")[0]
    if collection != "users":
        return None
    return ACROSS if user == ACROSS else _user(user)


def _user(segment: str) -> UUID | None:
    return caller().id if segment == "me" else parse_uuid(segment)


def _optional_project(name: str | None) -> ProjectId | None:
    return parse_project(name) if name else None


def _optional_task(name: str | None) -> TaskId | None:
    return parse_task(name) if name else None


UserName = Annotated[UUID, BeforeValidator(parse_user)]
Owners = Annotated[UUID | None, BeforeValidator(parse_owners)]
TaskName = Annotated[TaskId, BeforeValidator(parse_task)]
OptionalTask = Annotated[TaskId | None, BeforeValidator(_optional_task)]
OptionalProject = Annotated[ProjectId | None, BeforeValidator(_optional_project)]
ProjectName = Annotated[ProjectId, BeforeValidator(parse_project)]
TagName = Annotated[TagId, BeforeValidator(parse_tag)]
SessionName = Annotated[SessionId, BeforeValidator(parse_session)]
ApiKeyName = Annotated[ApiKeyId, BeforeValidator(parse_api_key)]
