"""The resources, each on its three sides: message, schema and table, with the words that it has of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from google.protobuf.descriptor import Descriptor
from pydantic import BaseModel
from sqlalchemy import Table

from persistence.models import Base
from service.auth import schemas as auth
from service.fields import column_of
from service.projects import schemas as projects
from service.tasks import schemas as tasks
from service.tasks import tags
from service.users import auditing
from service.users import schemas as users
from taxiway.v1 import api_key_pb2, audit_event_pb2, project_pb2, session_pb2, tag_pb2, task_pb2, user_pb2

FROM_VERSION_AND_KEY = {"name", "etag"}  # database.md: `name` is the key, `etag` comes of `version`


@dataclass(frozen=True)
class Contract:
    """One resource on its three sides; `unshown` are columns that no caller sees, `computed` fields of no column.

    `spoken`: field of the message -> field of the schema, and `kept`: field of the schema -> column, where a resource
    has its own words for it.
    """

    message: Descriptor
    schema: type[BaseModel]
    table: Table
    key: frozenset[str]
    draft: type[BaseModel] | None = None
    editable: frozenset[str] = frozenset()
    unshown: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()
    spoken: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def column(self, name: str) -> str:
        return self.kept.get(name) or column_of(name)

    def shown(self) -> dict[str, str]:
        """Each field of the message but for what comes of key and version -> its field of the schema."""
        names = set(self.message.fields_by_name) - FROM_VERSION_AND_KEY
        return {name: self.spoken.get(name, name) for name in names}


TABLES = Base.metadata.tables
CONTRACTS = (
    Contract(
        user_pb2.User.DESCRIPTOR,
        users.User,
        TABLES["users"],
        frozenset({"id"}),
        users.UserDraft,
        users.EDITABLE,
        frozenset({"email_key", "username_key", "created_by", "updated_by", "erased_at"}),
    ),
    Contract(
        task_pb2.Task.DESCRIPTOR,
        tasks.Task,
        TABLES["tasks"],
        frozenset({"owner_id", "id"}),
        tasks.TaskDraft,
        tasks.EDITABLE,
        frozenset({"search"}),
    ),
    Contract(
        project_pb2.Project.DESCRIPTOR,
        projects.Project,
        TABLES["projects"],
        frozenset({"owner_id", "id"}),
        projects.ProjectDraft,
        projects.EDITABLE,
        frozenset({"created_by", "updated_by"}),
        computed=frozenset({"task_count"}),
    ),
    Contract(
        tag_pb2.Tag.DESCRIPTOR,
        tags.Tag,
        TABLES["tags"],
        frozenset({"owner_id", "id"}),
        tags.TagPatch,
        tags.TAG_EDITABLE,
        frozenset({"key", "created_by", "updated_by"}),
        computed=frozenset({"task_count"}),
    ),
    Contract(
        session_pb2.Session.DESCRIPTOR,
        auth.Session,
        TABLES["sessions"],
        frozenset({"user_id", "id"}),
        unshown=frozenset({"token_hash", "parent_hash", "parent_spent", "expire_at"}),
        kept={"last_use_time": "last_use_at", "expire_time": "idle_expire_at"},
    ),
    Contract(
        api_key_pb2.ApiKey.DESCRIPTOR,
        auth.ApiKey,
        TABLES["api_keys"],
        frozenset({"user_id", "id"}),
        auth.ApiKeyDraft,
        auth.API_KEY_EDITABLE,
        frozenset({"token_hash", "created_by"}),
        kept={"last_use_time": "last_use_at", "expire_time": "expire_at"},
    ),
    Contract(
        audit_event_pb2.AuditEvent.DESCRIPTOR,
        auditing.AuditEvent,
        TABLES["audit_log"],
        frozenset({"id"}),
        spoken={"kind": "event", "actor": "actor_id", "subject": "subject_id"},
    ),
)
