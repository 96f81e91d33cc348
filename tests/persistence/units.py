"""A unit of work on a test's connection, and accounts in it."""

from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.sealing import sealers
from persistence.unit_of_work import UnitOfWork

OLD, NEW = bytes(32), bytes([1]) * 32  # the service's keys


def unit(connection: AsyncConnection, *keys: bytes) -> UnitOfWork:
    """With the service's `keys`, the newest first."""
    return UnitOfWork(connection, sealers(keys or (OLD,)))


async def add_account(uow: UnitOfWork, name: str = "robot", **columns: object) -> UUID:
    """A service, unless `columns` say otherwise; a person has a mail address of its name."""
    made = uuid4()
    given: dict[str, object] = {"username": name, "username_key": name, "display_name": "", "time_zone": "UTC"}
    given |= {"role": "SERVICE", **columns}
    if given["role"] != "SERVICE":
        given |= {"email": f"{name}@b", "email_key": f"{name}@b"}
    await uow.users.add(made, made, given)
    return made


async def aged(connection: AsyncConnection, table: str, column: str, age: str) -> None:
    """Moves a time of every row into the past, as if that much time went by."""
    await connection.execute(text(f"UPDATE {table} SET {column} = {column} - interval '{age}'"))
