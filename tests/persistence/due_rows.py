"""Rows that are due to be purged, or are not: accounts, tasks, trees of tasks in a project, tags, outcomes."""

from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

PAST = "now() - interval '1 minute'"
FUTURE = "now() + interval '1 day'"
TAGS = """
    INSERT INTO tags (owner_id, id, key, display_name, created_by, updated_by)
    SELECT :owner, gen_random_uuid(), 'tag ' || n, 'Tag ' || n, :owner, :owner FROM generate_series(1, 4) AS n"""


async def add_user(connection: AsyncConnection, purge_at: str = "NULL") -> UUID:
    """A user; with a time of purge a deleted one."""
    user = uuid4()
    deleted = "NULL" if purge_at == "NULL" else "now() - interval '40 days'"
    await connection.execute(
        text(f"""
            INSERT INTO users (id, username, username_key, display_name, time_zone, role, created_by, updated_by,
                deleted_at, purge_at)
            VALUES (:id, :name, :name, '', 'UTC', 'SERVICE', :id, :id, {deleted}, {purge_at})"""),
        {"id": user, "name": f"u{user.hex}"},
    )
    return user


async def add_tasks(connection: AsyncConnection, owner: UUID, count: int, purge_at: str = "NULL") -> None:
    deleted = "NULL" if purge_at == "NULL" else "now() - interval '40 days'"
    await connection.execute(
        text(f"""
            INSERT INTO tasks (owner_id, id, title, description, priority, created_by, updated_by, deleted_at, purge_at)
            SELECT :owner, gen_random_uuid(), 'A task', '', 'LOW', :owner, :owner, {deleted}, {purge_at}
            FROM generate_series(1, :count)"""),
        {"owner": owner, "count": count},
    )


async def add_tree(connection: AsyncConnection, owner: UUID, purge_at: str = "NULL", levels: int = 8) -> list[UUID]:
    """A chain of tasks in a project, the root first."""
    deleted = "NULL" if purge_at == "NULL" else "now() - interval '40 days'"
    project, chain = uuid4(), [uuid4() for _ in range(levels)]
    await connection.execute(
        text(f"""
            INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by, deleted_at, purge_at)
            VALUES (:owner, :id, 'A project', '', :owner, :owner, {deleted}, {purge_at})"""),
        {"owner": owner, "id": project},
    )
    await connection.execute(
        text(f"""
            INSERT INTO tasks (owner_id, id, project_id, parent_id, title, description, priority, created_by,
                updated_by, deleted_at, purge_at)
            SELECT :owner, id, :project, lag(id) OVER (ORDER BY place), 'A task', '', 'LOW', :owner, :owner, {deleted},
                {purge_at}
            FROM unnest(CAST(:chain AS uuid[])) WITH ORDINALITY AS t(id, place)"""),
        {"owner": owner, "project": project, "chain": chain},
    )
    return chain


async def add_requests(connection: AsyncConnection, caller: UUID, count: int, age: str) -> None:
    await connection.execute(
        text("""
            INSERT INTO requests (caller_id, request_id, method, fingerprint, created_at)
            SELECT :caller, gen_random_uuid(), 'm', sha256('x'), now() - CAST(:age AS text)::interval
            FROM generate_series(1, :count)"""),
        {"caller": caller, "count": count, "age": age},
    )


async def count(connection: AsyncConnection, table: str) -> int:
    return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def add_tags(connection: AsyncConnection, owner: UUID) -> None:
    """Four of them."""
    await connection.execute(text(TAGS), {"owner": owner})
