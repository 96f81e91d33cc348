"""People of whom every table holds something."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.requests import Claim
from persistence.unit_of_work import UnitOfWork
from tests.persistence.units import add_account, unit

TASK: dict[str, object] = {"title": "one", "description": "", "priority": "LOW"}
NUMBER = "+4930123456"
# What tasks are grouped by, with a task of the project and one below that.
GROUPS = (
    "INSERT INTO owner_positions (owner_id) VALUES (:user)",
    "INSERT INTO tags (owner_id, id, key, display_name, created_by, updated_by)"
    " VALUES (:user, :id, 'garden', 'Garden', :user, :user)",
    "INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by)"
    " VALUES (:user, :id, 'House', '', :user, :user)",
    "UPDATE tasks SET project_id = :id, parent_id = nullif((SELECT min(id::text)::uuid FROM tasks t"
    " WHERE t.owner_id = :user), id), tags = '{garden}', metadata = '{\"rooms\": [{\"floor\": 3}]}'"
    " WHERE owner_id = :user",
)
COUNTS = {
    "users": 1,
    "tasks": 2,
    "projects": 1,
    "tags": 1,
    "owner_positions": 1,
    "credentials": 1,
    "password_resets": 1,
    "sessions": 2,
    "api_keys": 1,
    "requests": 2,
}


async def person(connection: AsyncConnection, name: str) -> UUID:
    """Somebody of whom every table holds something."""
    uow = unit(connection)
    user_id = await add_account(uow, name, role="USER", phone_number=NUMBER, annotations={"floor": "3"})
    for _ in range(2):
        await uow.tasks.add(user_id, uuid4(), user_id, TASK)
        await uow.sessions.add(uuid4(), user_id, bytes(32), "tests", "192.0.2.1")
    group = {"user": user_id, "id": uuid4()}
    for statement in GROUPS:
        await connection.execute(text(statement), {name: group[name] for name in group if f":{name}" in statement})
    await uow.credentials.set(user_id, f"hash of {name}")
    await uow.password_resets.put(user_id, bytes(32), timedelta(hours=1), user_id)
    await uow.api_keys.add(uuid4(), user_id, "key", bytes(32), [], user_id, datetime.now(UTC) + timedelta(days=1))
    for _ in range(2):
        await answered(uow, user_id, "taxiway.v1.TaskService/CreateTask")
    await uow.audit.add("SIGN_IN", user_id, user_id)
    await uow.audit.add("USER_UPDATED", user_id, uuid4())
    await uow.audit.add("USER_SUSPENDED", uuid4(), user_id)
    return user_id


async def answered(uow: UnitOfWork, caller_id: UUID, method: str) -> Claim:
    """It is about whoever the unit wrote."""
    claim = Claim(caller_id, uuid4(), method, bytes(32))
    await uow.requests.claim(claim)
    await uow.requests.store(claim, b"an answer")
    return claim
