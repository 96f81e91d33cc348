"""The repositories of one transaction. A unit is run (`Database.write`), not opened, and never shared between tasks."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.api_keys import ApiKeys
from persistence.repositories.audit_log import AuditLog
from persistence.repositories.credentials import Credentials
from persistence.repositories.password_resets import PasswordResets
from persistence.repositories.personal_data import PersonalData
from persistence.repositories.requests import Requests
from persistence.repositories.sessions import Sessions
from persistence.repositories.sign_in_attempts import SignInAttempts
from persistence.repositories.signing_keys import SigningKeys
from persistence.repositories.tasks import Tasks
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
        "requests",
        "sessions",
        "signing_keys",
        "tasks",
        "users",
    )

    def __init__(self, connection: AsyncConnection, sealers: Sealers) -> None:
        owners: set[UUID] = set()  # whose rows this unit wrote: the first two say so, the third keeps it
        self.users = Users(connection, sealers.personal, owners)
        self.tasks = Tasks(connection, owners)
        self.requests = Requests(connection, sealers.requests, owners)
        self.credentials = Credentials(connection)
        self.password_resets = PasswordResets(connection)
        self.sessions = Sessions(connection)
        self.signing_keys = SigningKeys(connection, sealers.signing)
        self.api_keys = ApiKeys(connection)
        self.attempts = SignInAttempts(connection)
        self.audit = AuditLog(connection)
        self.personal = PersonalData(connection, sealers.personal)
