"""Searches of tasks on a test's connection, and tasks for them to find."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from persistence.repositories.task_search import SearchQuery
from persistence.unit_of_work import UnitOfWork
from service.identifiers import new_id
from service.tasks.searching import last_word

WIDE = 1 << 20


def asked(words: str, **further: Any) -> SearchQuery:
    return replace(SearchQuery(words, last_word(words), limit=WIDE, size=WIDE), **further)


async def add_tasks(uow: UnitOfWork, owner: UUID, *texts: str | tuple[str, str], **columns: object) -> list[UUID]:
    """Tasks of these titles, or titles and descriptions."""
    pairs = [(each, "") if isinstance(each, str) else each for each in texts]
    ids = [new_id() for _ in pairs]
    for task_id, (title, description) in zip(ids, pairs, strict=True):
        written = {"title": title, "description": description, "priority": "LOW", **columns}
        await uow.tasks.add(owner, task_id, owner, written)
    return ids


async def found(uow: UnitOfWork, owner: UUID, words: str, **further: Any) -> Sequence[Row[Any]]:
    return await uow.task_search.page(owner, asked(words, **further))


async def titles(uow: UnitOfWork, owner: UUID, words: str, **further: Any) -> list[str]:
    return [row.title for row in await found(uow, owner, words, **further)]
