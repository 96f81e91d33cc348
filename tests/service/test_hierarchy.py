"""Whether tasks may stand where they are to stand: every rule, and any moves of any forest against a plain reading."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest

from persistence.repositories.task_trees import LEVELS, UNFINISHED, Lineage, Relative
from service.errors import ServiceError
from service.tasks.hierarchy import Move, faults

OWNER = uuid4()
FORESTS = 3000


@dataclass(frozen=True)
class Forest:
    """Tasks by their ids, as they are before the moves."""

    tasks: Mapping[UUID, Relative]

    def lineage(self, moves: Sequence[Move]) -> Lineage:
        """What the repository answers: those asked for and all above them, and how high those that move are."""
        moved = {move.id for move in moves if move.state is None and move.id in self.tasks}
        asked = moved | {move.parent_id for move in moves if move.parent_id in self.tasks}
        shown = {id_: self.tasks[id_] for first in asked if first is not None for id_ in self._upwards(first)}
        return Lineage(shown, {id_: self._height(id_, moved) for id_ in moved})

    def _upwards(self, first: UUID) -> list[UUID]:
        at: UUID | None = first
        path: list[UUID] = []
        while at is not None:
            path.append(at)
            at = self.tasks[at].parent_id
        return path

    def _height(self, root: UUID, moved: set[UUID]) -> int:
        below = [task.id for task in self.tasks.values() if task.parent_id == root and task.id not in moved]
        return 1 + max((self._height(id_, moved) for id_ in below), default=0)


def task(parent: UUID | None = None, state: str = "OPEN", *, deleted: bool = False) -> Relative:
    return Relative(uuid4(), parent, state, deleted)


def chain(levels: int, above: UUID | None = None) -> list[Relative]:
    found: list[Relative] = []
    for _ in range(levels):
        found.append(task(found[-1].id if found else above))
    return found


def refusals(tasks: Sequence[Relative], *moves: Move) -> list[str]:
    """The reasons of the refusals, in the order of the moves."""
    return [*refused(tasks, *moves).values()]


def refused(tasks: Sequence[Relative], *moves: Move) -> Mapping[UUID, str]:
    """The reasons by the tasks that are to move."""
    made = {m.id: Relative(m.id, m.parent_id, m.state, deleted=False) for m in moves if m.state is not None}
    forest = Forest({found.id: found for found in tasks})
    return {move.id: fault.reason for move, fault in faults(OWNER, forest.lineage(moves), made, moves)}


def test_a_new_task_stands_below_a_living_one_down_to_the_last_level() -> None:
    line = chain(LEVELS)
    assert refusals(line, Move(uuid4(), line[-2].id, "OPEN")) == []
    assert refusals(line, Move(uuid4(), line[-1].id, "OPEN")) == ["TOO_DEEP"]


@pytest.mark.parametrize("gone", [task(deleted=True), None], ids=["deleted", "missing"])
def test_a_parent_that_does_not_live_is_none(gone: Relative | None) -> None:
    moved, tasks = task(), [gone] if gone else []
    assert refusals([*tasks, moved], Move(moved.id, gone.id if gone else uuid4(), None)) == ["PARENT_NOT_FOUND"]


@pytest.mark.parametrize("state", ["OPEN", "IN_PROGRESS", "COMPLETED", "CANCELLED"])
def test_only_what_is_not_done_is_refused_below_what_is(state: str) -> None:
    done, moved = task(state="COMPLETED"), task(state=state)
    expected = ["PARENT_COMPLETED"] if state in UNFINISHED else []
    assert refusals([done, moved], Move(moved.id, done.id, None)) == expected
    assert refusals([done], Move(uuid4(), done.id, state)) == expected


def test_the_moves_of_a_batch_are_looked_at_as_one() -> None:
    """Each alone would be refused, or neither would; together it is the other way round."""
    first, second = chain(2), task()
    turned = [Move(first[1].id, None, None), Move(first[0].id, first[1].id, None)]
    assert refusals(first, turned[1]) == ["CYCLE"]
    assert refusals(first, *turned) == []
    ring = [Move(first[0].id, second.id, None), Move(second.id, first[0].id, None)]
    assert refusals([*first, second], ring[0]) == []
    assert refusals([*first, second], *ring) == ["CYCLE", "CYCLE"]


def test_tasks_that_come_together_may_stand_below_each_other() -> None:
    ids = [uuid4() for _ in range(LEVELS)]
    made = [Move(id_, ids[place - 1] if place else None, "OPEN") for place, id_ in enumerate(ids)]
    assert refusals([], *reversed(made)) == []
    assert refusals([], *made, Move(uuid4(), ids[-1], "OPEN")) == ["TOO_DEEP"]


def test_what_does_not_exist_is_left_to_the_write() -> None:
    above = task()
    assert refusals([above], Move(uuid4(), above.id, None)) == []


def test_any_moves_of_any_forest_are_refused_exactly_where_they_would_leave_it_unsound() -> None:
    seeded = random.Random(4)
    found = dict.fromkeys(("", "CYCLE", "TOO_DEEP", "PARENT_NOT_FOUND", "PARENT_COMPLETED"), 0)
    for _ in range(FORESTS):
        tasks, moves = _any_forest(seeded)
        expected = {move.id: reason for move in moves if (reason := _plainly(tasks, moves, move))}
        told = refused(tasks, *moves)
        # Below a ring, or on one of more levels than there may be, either reason is true.
        on_rings = {
            id_: "CYCLE" for id_, reason in told.items() if reason == "TOO_DEEP" and expected.get(id_) == "CYCLE"
        }
        assert {**told, **on_rings} == expected, (tasks, moves)
        found[min(told.values(), default="")] += 1
    assert min(found.values()) > FORESTS / 200, found


def _any_forest(seeded: random.Random) -> tuple[list[Relative], list[Move]]:
    """Up to three chains with branches, and up to four moves within it, one or two of them of new tasks."""
    tasks = [found for _ in range(seeded.randint(1, 3)) for found in chain(seeded.randint(1, 6))]
    tasks += [task(seeded.choice(tasks).id, "COMPLETED") for _ in range(seeded.randint(0, 2))]
    tasks += [task(seeded.choice(tasks).id, deleted=True) for _ in range(seeded.randint(0, 1))]
    living = [found for found in tasks if not found.deleted]
    ids = [found.id for found in seeded.sample(living, min(len(living), seeded.randint(1, 3)))]
    new = [uuid4() for _ in range(seeded.randint(0, 2))]
    above = [None, *(found.id for found in tasks), *new]
    return tasks, [Move(id_, seeded.choice(above), "OPEN" if id_ in new else None) for id_ in [*ids, *new]]


def _plainly(tasks: Sequence[Relative], moves: Sequence[Move], move: Move) -> str:
    """What is wrong with the one move when all have happened; "" where nothing is."""
    state = {found.id: found.state for found in tasks} | {m.id: m.state for m in moves if m.state}
    gone = {found.id for found in tasks if found.deleted}
    parent = {found.id: found.parent_id for found in tasks} | {m.id: m.parent_id for m in moves}
    if move.parent_id is None:
        return ""
    if move.parent_id not in state or move.parent_id in gone:
        return "PARENT_NOT_FOUND"
    at: UUID | None = move.parent_id
    levels = 1
    while at is not None and levels <= len(parent):
        levels, at = levels + 1, parent[at]
    if at is not None:
        return "CYCLE"
    if levels - 1 + _height(parent, {m.id for m in moves}, move.id) > LEVELS:
        return "TOO_DEEP"
    below_done = state[move.parent_id] == "COMPLETED" and state[move.id] in UNFINISHED
    return "PARENT_COMPLETED" if below_done else ""


def _height(parent: Mapping[UUID, UUID | None], moved: set[UUID], root: UUID) -> int:
    """Of what is below it and does not move by itself: that is looked at with its own move."""
    below = [id_ for id_, above in parent.items() if above == root and id_ not in moved]
    return 1 + max((_height(parent, moved, id_) for id_ in below), default=0)


def test_a_refusal_names_the_field_and_the_limit() -> None:
    line = chain(LEVELS)
    moves = [Move(uuid4(), line[-1].id, "OPEN")]
    made = {moves[0].id: Relative(moves[0].id, line[-1].id, "OPEN", deleted=False)}
    ((_, fault),) = faults(OWNER, Forest({found.id: found for found in line}).lineage(moves), made, moves)
    assert isinstance(fault, ServiceError)
    assert [violation.field for violation in fault.violations] == ["task.parent_task"]
    assert fault.metadata == {"limit": str(LEVELS)}
