"""Tasks with many ties and gaps, every order of them, and walks from page to page."""

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations, product
from typing import Any
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import ProjectRow, TaskRow
from persistence.models.tasks import TASK_PRIORITIES
from persistence.ordering import NEWEST_FIRST, OLDEST_FIRST, Order, SortKey
from persistence.paging import Page, Position
from tests.persistence.units import add_account, unit

TASKS, PROJECTS = TaskRow.metadata.tables["tasks"], ProjectRow.metadata.tables["projects"]
FIELDS = ("created_at", "updated_at", "due_at", "priority", "title")
START = datetime(2026, 1, 1, tzinfo=UTC)
Read = Callable[[Position | None], Awaitable[Page]]


def orders() -> Iterator[Order]:
    """By id, by each field in both directions, and by each pair of two fields in all four."""
    yield from (NEWEST_FIRST, OLDEST_FIRST)
    for column, descending in product(FIELDS, (False, True)):
        yield Order((SortKey(column, descending),))
    for (first, second), (one, other) in product(permutations(FIELDS, 2), product((False, True), repeat=2)):
        yield Order((SortKey(first, one), SortKey(second, other)))


def by(text: str) -> Order:
    """The order of columns that is written as one of fields."""
    return next(order for order in orders() if name_of(order) == text)


def name_of(order: Order) -> str:
    if not order.keys:
        return "newest first" if order.descending else "oldest first"
    return ", ".join(f"{key.column}{' desc' if key.descending else ''}" for key in order.keys)


@dataclass(frozen=True, slots=True)
class Task:
    owner_id: UUID
    id: UUID
    title: str
    state: str
    priority: str
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    project_id: UUID | None
    tags: list[str]
    metadata: dict[str, Any]
    complete_at: datetime | None


def drawn(choice: random.Random, owner: UUID, projects: Sequence[UUID] = ()) -> Task:
    """Of each field one of few values, so that most tasks are alike in some; a fourth is deleted, and has no time."""
    state = choice.choice(("OPEN", "OPEN", "COMPLETED", "CANCELLED"))
    return Task(
        owner_id=owner,
        id=UUID(int=choice.getrandbits(128)),
        title=choice.choice(("a", "B", "b", "\u00e4", "z\u0301", "\U0001f600", "\ufb01")),
        state=state,
        priority=choice.choice(TASK_PRIORITIES),
        due_at=choice.choice((None, START, START + timedelta(hours=1), START + timedelta(microseconds=1))),
        created_at=START + timedelta(seconds=choice.randrange(5)),
        updated_at=START + timedelta(days=1, seconds=choice.randrange(40)),
        deleted_at=choice.choice((None, None, None, START)),
        project_id=choice.choice((None, *projects)),
        tags=sorted({choice.choice(("home", "work", "rare")) for _ in range(choice.randrange(3))}),
        metadata=choice.choice(({}, {"a": 1}, {"a": "x", "b": {"c": True}})),
        complete_at=START if state == "COMPLETED" else None,
    )


async def filled(connection: AsyncConnection, count: int) -> tuple[UUID, list[Task]]:
    """An owner with three projects and `count` tasks, beside another one with some."""
    choice, uow = random.Random(7), unit(connection)
    owner, other = await add_account(uow, "one"), await add_account(uow, "other")
    projects = [UUID(int=number) for number in range(1, 4)]
    written = {"owner_id": owner, "display_name": "p", "description": "", "created_by": owner, "updated_by": owner}
    await connection.execute(insert(PROJECTS), [{**written, "id": project} for project in projects])
    tasks = [drawn(choice, owner, projects) for _ in range(count)]
    await keep(connection, [*tasks, *(drawn(choice, other) for _ in range(50))])
    return owner, tasks


async def keep(connection: AsyncConnection, tasks: Sequence[Task]) -> None:
    """As they are: the trigger sets the time of a change only when a row is updated."""
    rows = [
        asdict(task)
        | {"purge_at": task.deleted_at, "description": "", "created_by": task.owner_id}
        | {"updated_by": task.owner_id}
        for task in tasks
    ]
    await connection.execute(insert(TASKS), rows)


async def without_indexes(connection: AsyncConnection) -> None:
    """Until the transaction ends: the order of an index cannot stand in for the one that a statement asks for."""
    for kind in ("indexscan", "bitmapscan"):
        await connection.execute(text(f"SET LOCAL enable_{kind} = off"))


def in_order(tasks: Sequence[Any], order: Order) -> list[Any]:
    """As Python sorts them: by the last key first, since its sort keeps the order of what is alike."""
    found = sorted(tasks, key=lambda task: task.id, reverse=order.descending)
    for key in reversed(order.keys):
        given = [task for task in found if getattr(task, key.column) is not None]
        absent = [task for task in found if getattr(task, key.column) is None]
        found = [*sorted(given, key=lambda task: _value(task, key.column), reverse=key.descending), *absent]
    return found


def _value(task: Any, column: str) -> Any:
    return TASK_PRIORITIES.index(task.priority) if column == "priority" else getattr(task, column)


async def walk(read: Read, position: Callable[[Any], Position], size: int) -> tuple[list[Any], list[int]]:
    """All rows from the first page to the last, and how many each page had; `read` asks for one row more."""
    rows: list[Any] = []
    sizes: list[int] = []
    place: Position | None = None
    places: set[Position | None] = set()
    while True:
        assert place not in places, "a walk goes on"
        places.add(place)
        page = await read(place)
        assert len(page.rows) <= size + 1
        shown = page.rows[:size]
        rows += shown
        sizes.append(len(shown))
        place = position(shown[-1]) if len(page.rows) > size else page.stopped
        if place is None:
            return rows, sizes
