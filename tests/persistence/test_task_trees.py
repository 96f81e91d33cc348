"""What stands above and below tasks, and what is done to whole trees: held against a plain reading of the rows."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.repositories.task_trees import LEVELS, UNFINISHED
from persistence.unit_of_work import UnitOfWork
from tests.persistence.due_rows import add_user
from tests.persistence.units import unit

FORESTS = 20
EARLIER = "2026-01-01T00:00:00Z"
STATES = ("OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED")
ADD = """
    INSERT INTO tasks (owner_id, id, parent_id, title, description, priority, state, complete_at, created_by,
        updated_by, deleted_at, purge_at)
    SELECT :owner, r.id, r.parent_id, 'A task', '', 'LOW', r.state::task_state,
        CASE r.state WHEN 'COMPLETED' THEN now() END, :owner, :owner, r.deleted_at, r.deleted_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, parent_id uuid, state text, deleted_at timestamptz)"""


@dataclass(frozen=True)
class Node:
    id: UUID
    parent_id: UUID | None = None
    state: str = "OPEN"
    deleted: bool = False


@pytest.fixture
def uow(shared_connection: AsyncConnection) -> UnitOfWork:
    return unit(shared_connection)


@pytest.fixture
async def owner(shared_connection: AsyncConnection) -> UUID:
    return await add_user(shared_connection)


async def add(connection: AsyncConnection, owner: UUID, nodes: Sequence[Node]) -> None:
    """Below one owner; and of another one the same ids in another tree, which is in nobody's way."""
    above = [*(node.id for node in nodes[1:]), None]
    others = [replace(node, parent_id=other, deleted=False) for node, other in zip(nodes, above, strict=True)]
    for whose, theirs in ((owner, nodes), (await add_user(connection), others)):
        rows = f"[{', '.join(map(_as_json, theirs))}]"
        await connection.execute(text(ADD), {"owner": whose, "rows": rows})


def _as_json(node: Node) -> str:
    parent = f', "parent_id": "{node.parent_id}"' if node.parent_id else ""
    deleted = f', "deleted_at": "{EARLIER}"' if node.deleted else ""
    return f'{{"id": "{node.id}", "state": "{node.state}"{parent}{deleted}}}'


def chain(levels: int, above: UUID | None = None) -> list[Node]:
    nodes: list[Node] = []
    for _ in range(levels):
        nodes.append(Node(uuid4(), nodes[-1].id if nodes else above))
    return nodes


def any_forest(seeded: random.Random) -> list[Node]:
    """Trees of up to eight levels, of all states; in part deleted, at one moment."""
    nodes: dict[UUID, Node] = {}
    levels: dict[UUID, int] = {}
    for _ in range(40):
        above = [id_ for id_, level in levels.items() if level < LEVELS]
        parent = seeded.choice(above) if above and seeded.random() < 0.9 else None
        node = Node(uuid4(), parent, seeded.choice(STATES), seeded.random() < 0.2)
        nodes[node.id], levels[node.id] = node, 1 + (levels[parent] if parent else 0)
    return [*nodes.values()]


def below(nodes: Sequence[Node], roots: Sequence[UUID], *, ends_at: Sequence[UUID] = ()) -> Mapping[UUID, int]:
    """What is below these and not one of them, with its level, that of the roots being 1."""
    found = dict.fromkeys(roots, 1)
    for _ in nodes:
        found |= {
            n.id: found[n.parent_id] + 1 for n in nodes if n.parent_id in found and n.id not in (*roots, *ends_at)
        }
    return {id_: level for id_, level in found.items() if id_ not in roots}


async def test_lineage_is_all_that_is_above_and_how_high_each_is_that_moves(
    shared_connection: AsyncConnection, uow: UnitOfWork, owner: UUID
) -> None:
    seeded = random.Random(1)
    for _ in range(FORESTS):
        nodes = any_forest(seeded)
        await add(shared_connection, owner, nodes)
        moved = [node.id for node in seeded.sample(nodes, 3)]
        parents = [node.id for node in seeded.sample(nodes, 2)]
        found = await uow.task_trees.lineage(owner, {*parents, uuid4()}, [*moved, uuid4()])
        assert found.heights == {id_: max(below(nodes, [id_], ends_at=moved).values(), default=1) for id_ in moved}, (
            "deleted ones count, and what moves by itself does not"
        )
        by_id = {node.id: node for node in nodes}
        assert found.relatives.keys() == _upwards(by_id, {*moved, *parents})
        for id_, relative in found.relatives.items():
            node = by_id[id_]
            assert (relative.parent_id, relative.state, relative.deleted) == (node.parent_id, node.state, node.deleted)


def _upwards(by_id: Mapping[UUID, Node], asked: set[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for first in asked:
        at: UUID | None = first
        while at is not None:
            found.add(at)
            at = by_id[at].parent_id
    return found


async def test_what_hands_have_tied_into_a_ring_or_made_too_deep_ends_a_walk(
    shared_connection: AsyncConnection, uow: UnitOfWork, owner: UUID
) -> None:
    line = chain(LEVELS * 3)
    await add(shared_connection, owner, line)
    deep = await uow.task_trees.lineage(owner, [line[-1].id], [line[0].id])
    assert deep.heights == {line[0].id: LEVELS + 1}, "no further than one level too many"
    assert len(deep.relatives) == 1 + LEVELS + 1
    tie = "UPDATE tasks SET parent_id = :last WHERE id = :first"
    await shared_connection.execute(text(tie), {"first": line[0].id, "last": line[2].id})
    assert len((await uow.task_trees.lineage(owner, [], [line[0].id])).relatives) == 3
    for change in (uow.task_trees.complete_below, uow.task_trees.delete_below, uow.task_trees.undelete_below):
        await change(owner, [line[0].id], owner)


async def changed(connection: AsyncConnection, owner: UUID, before: Mapping[UUID, Any]) -> Mapping[UUID, Any]:
    """Of the owner's tasks those that are not as before; fails where a task of somebody else changed."""
    after = await rows(connection)
    found = {key: row for key, row in after.items() if row != before[key]}
    assert all(whose == owner for whose, _ in found)
    return {task_id: row for (_, task_id), row in found.items()}


async def rows(connection: AsyncConnection) -> Mapping[Any, Any]:
    query = "SELECT owner_id, id, state, version, updated_by, deleted_at, purge_at, complete_at, start_at FROM tasks"
    return {(row.owner_id, row.id): row for row in await connection.execute(text(query))}


@pytest.mark.parametrize("kind", ["delete", "complete"])
async def test_what_lives_below_is_changed_and_nothing_else(
    shared_connection: AsyncConnection, uow: UnitOfWork, owner: UUID, kind: str
) -> None:
    seeded, actor = random.Random(2), uuid4()
    for _ in range(FORESTS):
        nodes = any_forest(seeded)
        await add(shared_connection, owner, nodes)
        roots, before = [node.id for node in seeded.sample(nodes, 2)], await rows(shared_connection)
        living = [node for node in nodes if not node.deleted or node.id in roots]
        expected = {*below(living, roots)}
        if kind == "delete":
            assert await uow.task_trees.delete_below(owner, roots, actor) == len(expected)
        else:
            expected &= {node.id for node in nodes if node.state in UNFINISHED}
            assert await uow.task_trees.complete_below(owner, roots, actor) == len(expected)
        after = await changed(shared_connection, owner, before)
        assert after.keys() == expected
        for row in after.values():
            assert (row.version, row.updated_by) == (2, actor)
            assert (row.deleted_at is not None, row.purge_at is not None) == (kind == "delete",) * 2
            assert kind == "delete" or row.state == "COMPLETED"


async def test_what_was_deleted_at_the_same_moment_comes_back_and_nothing_else(
    shared_connection: AsyncConnection, uow: UnitOfWork, owner: UUID
) -> None:
    """Also below a task that was deleted at another: nothing."""
    line, side = chain(6), Node(uuid4())
    nodes = [*line, side, Node(uuid4(), line[1].id, deleted=True), *chain(1, above=line[2].id)]
    await add(shared_connection, owner, nodes)
    at = "UPDATE tasks SET deleted_at = CAST(:at AS text)::timestamptz, purge_at = now() WHERE id = ANY(:ids)"
    with_root = [line[0].id, line[1].id, line[2].id, nodes[-1].id, side.id, line[5].id]
    await shared_connection.execute(text(at), {"at": "2026-02-02T00:00:00Z", "ids": with_root})
    await shared_connection.execute(text(at), {"at": "2026-02-03T00:00:00Z", "ids": [line[3].id, line[4].id]})
    before = await rows(shared_connection)
    assert await uow.task_trees.undelete_below(owner, [line[0].id], owner) == set()
    back = await changed(shared_connection, owner, before)
    assert back.keys() == {line[1].id, line[2].id, nodes[-1].id}
    assert {(row.deleted_at, row.purge_at) for row in back.values()} == {(None, None)}


async def test_who_has_living_children_outside_of_those_asked_for(
    shared_connection: AsyncConnection, uow: UnitOfWork, owner: UUID
) -> None:
    line = chain(4)
    childless, gone = Node(uuid4()), Node(uuid4())
    nodes = [*line, childless, gone, Node(uuid4(), gone.id, deleted=True)]
    await add(shared_connection, owner, nodes)
    asked = [line[0].id, line[1].id, childless.id, gone.id, uuid4()]
    assert await uow.task_trees.with_living_children(owner, asked) == {line[1].id}
    assert await uow.task_trees.with_living_children(owner, [line[0].id]) == {line[0].id}


async def test_the_row_of_an_owner_is_made_when_it_is_first_held(
    shared_connection: AsyncConnection, uow: UnitOfWork, owner: UUID
) -> None:
    for _ in range(2):
        await uow.positions.hold(owner)
    await uow.positions.hold(uuid4())
    found = await shared_connection.scalars(
        text("SELECT owner_id FROM owner_positions WHERE owner_id = :owner"), {"owner": owner}
    )
    assert found.all() == [owner]
