"""A few hundred tasks of two owners, of every shape that a filter can tell apart, in a real table."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models import Base
from persistence.models.tasks import TASK_PRIORITIES, TASK_STATES

TASKS_TABLE = Base.metadata.tables["tasks"]
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
STATES, PRIORITIES = TASK_STATES, TASK_PRIORITIES
OWNERS, PEOPLE, PROJECTS, PARENTS = (
    [UUID(int=(kind << 64) + number) for number in range(1, size + 1)]
    for kind, size in ((1, 2), (2, 3), (3, 3), (4, 8))
)
TAGS = ["work", "home", "new york", "50%", "a_b", "wörk"]
TEXTS = ["Paint the fence", "paint", "50%", "50_", "a*b", "aXb", 'say "hi"', "it's", "back\\slash", "é", "Zoë 😀"]
TEXTS += ["null", "AND", "'; DROP TABLE tasks; --", "(x) = /y", "two\nlines"]
_OBJECTS: list[Any] = [1, 1.0, 1.5, -2, "1", "text", "", "x", True, False, None, 1e300]
_OBJECTS += [["x", 1, None, ["k"]], [], {"k": 1, "0": "z"}, {"k": {"z": "text"}, "0": None}, {}]


async def add_rows(connection: AsyncConnection, count: int = 300) -> list[dict[str, Any]]:
    """The tasks as the database has them, every other one of each owner; the first ones are parents of others."""
    chance = random.Random(160)
    users, projects = Base.metadata.tables["users"], Base.metadata.tables["projects"]
    await connection.execute(insert(users), [_user(owner) for owner in OWNERS])
    await connection.execute(insert(projects), [_project(owner, p) for owner in OWNERS for p in PROJECTS])
    parents = [_task(chance, owner, parent, None) for owner in OWNERS for parent in PARENTS]
    others = [
        _task(chance, OWNERS[n % 2], UUID(int=(5 << 64) + n), chance.choice([None, *PARENTS])) for n in range(count)
    ]
    await connection.execute(insert(TASKS_TABLE), parents + others)
    found = await connection.execute(select(*(c for c in TASKS_TABLE.c if c.name != "search")))
    return [dict(row._mapping) for row in found]


def _user(user_id: UUID) -> dict[str, object]:
    named = {"username": f"u{user_id.int % 9}", "username_key": f"u{user_id.int % 9}", "display_name": ""}
    return {**named, "id": user_id, "time_zone": "UTC", "role": "SERVICE", "created_by": user_id, "updated_by": user_id}


def _project(owner_id: UUID, project_id: UUID) -> dict[str, object]:
    authors = {"created_by": owner_id, "updated_by": owner_id}
    return {"owner_id": owner_id, "id": project_id, "display_name": "p", "description": "", **authors}


def _task(chance: random.Random, owner_id: UUID, task_id: UUID, parent_id: UUID | None) -> dict[str, object]:
    state = chance.choice(STATES)
    return {
        "owner_id": owner_id,
        "id": task_id,
        "parent_id": parent_id,
        "state": state,
        "title": chance.choice(TEXTS),
        "description": chance.choice(["", *TEXTS]),
        "priority": chance.choice(PRIORITIES),
        "due_at": _moment(chance),
        "start_at": _moment(chance) if state != "OPEN" else None,
        "complete_at": NOON + timedelta(hours=chance.randrange(6)) if state == "COMPLETED" else None,
        "created_at": NOON + timedelta(hours=chance.randrange(6)),
        "updated_at": NOON + timedelta(hours=chance.randrange(6)),
        "project_id": chance.choice([None, *PROJECTS]),
        "tags": sorted(chance.sample(TAGS, chance.randrange(4))),
        "metadata": {key: chance.choice(_OBJECTS) for key in ("a", "b", "x.y", "0", "é") if chance.random() < 0.6},
        "created_by": chance.choice(PEOPLE),
        "updated_by": chance.choice(PEOPLE),
    }


def _moment(chance: random.Random) -> datetime | None:
    return NOON + timedelta(hours=chance.randrange(6)) if chance.random() < 0.7 else None
