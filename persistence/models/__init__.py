"""The tables: importing this package fills the metadata with all of them."""

from persistence.models.access_changes import AccessChangeRow
from persistence.models.api_keys import ApiKeyRow
from persistence.models.audit_log import AuditLogRow
from persistence.models.base import Base
from persistence.models.credentials import CredentialRow
from persistence.models.owner_positions import OwnerPositionRow
from persistence.models.password_resets import PasswordResetRow
from persistence.models.projects import ProjectRow
from persistence.models.requests import RequestRow
from persistence.models.schema_compatibility import SchemaCompatibilityRow
from persistence.models.sessions import SessionRow
from persistence.models.sign_in_attempts import SignInAttemptRow
from persistence.models.signing_keys import SigningKeyRow
from persistence.models.tags import TagRow
from persistence.models.task_order import SORT_KEYS
from persistence.models.tasks import TaskRow
from persistence.models.users import UserRow

__all__ = [
    "SORT_KEYS",
    "AccessChangeRow",
    "ApiKeyRow",
    "AuditLogRow",
    "Base",
    "CredentialRow",
    "OwnerPositionRow",
    "PasswordResetRow",
    "ProjectRow",
    "RequestRow",
    "SchemaCompatibilityRow",
    "SessionRow",
    "SignInAttemptRow",
    "SigningKeyRow",
    "TagRow",
    "TaskRow",
    "UserRow",
]
