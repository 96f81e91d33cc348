"""The repositories of one transaction. A unit is run (`Database.write`), not opened, and never shared between tasks."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.api_keys import ApiKeys
from persistence.repositories.audit_log import AuditLog
from persistence.repositories.credentials import Credentials
from persistence.repositories.owner_positions import OwnerPositions
from persistence.repositories.password_resets import PasswordResets
from persistence.repositories.personal_data import PersonalData
from persistence.repositories.project_trees import ProjectTrees
from persistence.repositories.projects import Projects
from persistence.repositories.requests import Requests
from persistence.repositories.sessions import Sessions
from persistence.repositories.sign_in_attempts import SignInAttempts
from persistence.repositories.signing_keys import SigningKeys
from persistence.repositories.tagged_tasks import TaggedTasks
from persistence.repositories.tags import Tags
from persistence.repositories.task_batches import TaskBatches
from persistence.repositories.task_pages import TaskPages
from persistence.repositories.task_search import TaskSearch
from persistence.repositories.task_trees import TaskTrees
from persistence.repositories.tasks import Tasks
from persistence.repositories.user_pages import UserPages
from persistence.repositories.users import Users
from persistence.sealing import Sealers


class UnitOfWork:
    __slots__ = (
        "api_keys",
        "attempts",
        "audit",
        "credentials",
        "password_resets",
        "personal",
        "positions",
        "project_trees",
        "projects",
        "requests",
        "sessions",
        "signing_keys",
        "tagged_tasks",
        "tags",
        "task_batches",
        "task_pages",
        "task_search",
        "task_trees",
        "tasks",
        "user_pages",
        "users",
    )

    def __init__(self, connection: AsyncConnection, sealers: Sealers) -> None:
        owners: set[UUID] = set()  # whose rows this unit wrote: the first two say so, the third keeps it
        self.users = Users(connection, sealers.personal, owners)
        self.user_pages = UserPages(connection, sealers.personal)
        self.tasks = Tasks(connection, owners)
        self.task_batches = TaskBatches(connection, owners)
        self.task_pages = TaskPages(connection)
        self.task_search = TaskSearch(connection)
        self.task_trees = TaskTrees(connection, owners)
        self.tags = Tags(connection, owners)
        self.tagged_tasks = TaggedTasks(connection, owners)
        self.projects = Projects(connection, owners)
        self.project_trees = ProjectTrees(connection, owners)
        self.positions = OwnerPositions(connection)
        self.requests = Requests(connection, sealers.requests, owners)
        self.credentials = Credentials(connection)
        self.password_resets = PasswordResets(connection)
        self.sessions = Sessions(connection)
        self.signing_keys = SigningKeys(connection, sealers.signing)
        self.api_keys = ApiKeys(connection)
        self.attempts = SignInAttempts(connection)
        self.audit = AuditLog(connection)
        self.personal = PersonalData(connection, sealers.personal)
