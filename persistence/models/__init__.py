"""The tables: importing this package fills the metadata with all of them."""

from persistence.models.base import Base
from persistence.models.requests import RequestRow
from persistence.models.schema_compatibility import SchemaCompatibilityRow
from persistence.models.tasks import TaskRow
from persistence.models.users import UserRow

__all__ = ["Base", "RequestRow", "SchemaCompatibilityRow", "TaskRow", "UserRow"]
