"""All that is kept of a user, row by row (ExportUserData); each page of a table is read in a unit of its own."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from persistence.database import Database
from persistence.repositories.personal_policy import EXPORTED
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller
from service.users.auditing import note
from service.users.refusals import not_found

PAGE = 100  # rows, which are in memory at a time


@dataclass(frozen=True, slots=True)
class ExportedRow:
    """A row of a table: its columns by name, without secrets."""

    table: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExportPage:
    """What is asked of one table: the rows above the key `after`."""

    user_id: UUID
    table: str
    after: UUID | None


async def export_user_data(db: Database, caller: Caller, user_id: UUID) -> AsyncIterator[ExportedRow]:
    """The account first, then table by table. No connection is held while a slow reader reads."""
    await db.change(begin_export, caller, user_id)
    for table, exported in EXPORTED.items():
        after, rows = None, PAGE
        while rows == PAGE:
            page = await db.look(read_page, caller, ExportPage(user_id, table, after))
            for values in page:
                yield ExportedRow(table, values)
            after, rows = (page[-1][exported.key] if page else None), len(page)


async def begin_export(uow: UnitOfWork, caller: Caller, user_id: UUID) -> None:
    if await uow.users.get(user_id) is None:
        raise not_found(user_id)
    await note(uow, caller, "USER_EXPORTED", user_id)


async def read_page(uow: UnitOfWork, _caller: Caller, page: ExportPage) -> Sequence[Mapping[str, Any]]:
    return await uow.personal.export(page.user_id, page.table, page.after, PAGE)
