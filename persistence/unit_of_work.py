"""The repositories of one transaction. A unit is run (`Database.write`), not opened, and never shared between tasks."""

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.requests import Requests
from persistence.repositories.tasks import Tasks
from persistence.repositories.users import Users
from persistence.sealing import Sealer


class UnitOfWork:
    __slots__ = ("requests", "tasks", "users")

    def __init__(self, connection: AsyncConnection, sealer: Sealer) -> None:
        self.users = Users(connection)
        self.tasks = Tasks(connection)
        self.requests = Requests(connection, sealer)
