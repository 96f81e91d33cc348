"""Trees of tasks that several callers change at once: whoever comes first, no tree is left as no call may leave it."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

import pytest

from taxiway.v1.task_pb2 import Task
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, Ended, ended
from tests.e2e.faults.rows import hold_row, waiting_for_locks
from tests.e2e.faults.until import until
from tests.e2e.making import make_task, make_user, update_task
from tests.e2e.trees import amiss, cancel, complete, delete, get, make_chain, reopen, start, undelete

SHORT, LONG = 10, 200
ROUNDS = [SHORT, pytest.param(LONG, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
CALLERS = 8


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """Its tests make accounts of their own, and are in nobody's way."""
    return service_of_file


@pytest.fixture
async def owner(service: Service) -> str:
    return (await make_user(service)).name


async def move(service: Service, task: Task, below: Task | None) -> Task:
    return await update_task(service, Task(name=task.name, parent_task=below.name if below else ""), "parent_task")


async def together(*calls: Awaitable[object]) -> list[Ended]:
    return await asyncio.gather(*(ended(call) for call in calls))


def outcomes(found: Sequence[Ended]) -> Counter[str]:
    return Counter("OK" if call.code is OK else call.reason for call in found)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("length", [2, 3])
async def test_callers_who_close_a_circle_at_once_do_not_close_it(service: Service, length: int, rounds: int) -> None:
    """Each move alone is legal: whoever comes last is refused, also where nobody asked for the owner's row before."""
    for _ in range(rounds):
        owner = (await make_user(service)).name
        ring = [await make_task(service, owner) for _ in range(length)]
        moves = [move(service, task, ring[place - 1]) for place, task in enumerate(ring)]
        assert outcomes(await together(*moves)) == {"OK": length - 1, "CYCLE": 1}
    assert not await amiss(service)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_callers_who_move_trees_below_each_others_leaves_do_not_close_a_circle(
    service: Service, owner: str, rounds: int
) -> None:
    for _ in range(rounds):
        one, other = [await make_chain(service, owner, 3) for _ in range(2)]
        found = await together(move(service, one[0], other[2]), move(service, other[0], one[2]))
        assert outcomes(found) == {"OK": 1, "CYCLE": 1}
    assert not await amiss(service)


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_trees_that_are_put_on_top_of_each_other_at_once_do_not_grow_too_deep(
    service: Service, owner: str, rounds: int
) -> None:
    """Of 3, 3 and 3 levels any two fit below each other."""
    for _ in range(rounds):
        first, second, third = [await make_chain(service, owner, 3) for _ in range(3)]
        found = await together(move(service, second[0], first[2]), move(service, third[0], second[2]))
        assert outcomes(found) == {"OK": 1, "TOO_DEEP": 1}
    assert not await amiss(service)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("way", ["created", "moved", "reopened", "undeleted"])
async def test_a_task_that_is_being_completed_gets_no_open_subtask(
    service: Service, owner: str, way: str, rounds: int
) -> None:
    for _ in range(rounds):
        above = await make_task(service, owner)
        found = await together(complete(service, above), await _child(service, owner, above, way))
        assert outcomes(found) in ({"OK": 1, "OPEN_CHILDREN": 1}, {"OK": 1, "PARENT_COMPLETED": 1})
    assert not await amiss(service)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("way", ["created", "moved", "undeleted"])
async def test_a_task_that_is_being_deleted_gets_no_living_subtask(
    service: Service, owner: str, way: str, rounds: int
) -> None:
    for _ in range(rounds):
        above = await make_task(service, owner)
        found = await together(delete(service, above), await _child(service, owner, above, way))
        assert outcomes(found) in ({"OK": 1, "LIVE_CHILDREN": 1}, {"OK": 1, "PARENT_NOT_FOUND": 1})
    assert not await amiss(service)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("way", ["created", "moved"])
async def test_a_subtask_that_comes_while_all_is_deleted_goes_too_or_does_not_come(
    service: Service, owner: str, way: str, rounds: int
) -> None:
    for _ in range(rounds):
        chain = await make_chain(service, owner, 3)
        child = await _child(service, owner, chain[2], way)
        deleted, came = await together(delete(service, chain[0], force=True), child)
        assert deleted.code is OK
        assert came.code is OK or came.reason == "PARENT_NOT_FOUND"
        if came.code is OK:
            assert (await get(service, came.answer)).delete_time == deleted.answer.delete_time
    assert not await amiss(service)


async def _child(service: Service, owner: str, above: Task, way: str) -> Awaitable[Task]:
    """The call that makes a living, open subtask of `above`; what it needs is there."""
    if way == "created":
        return make_task(service, owner, parent_task=above.name)
    if way == "moved":
        return move(service, await make_task(service, owner), above)
    child = await make_task(service, owner, parent_task=above.name)
    if way == "reopened":
        await cancel(service, child)
        return reopen(service, child)
    await delete(service, child)
    return undelete(service, child)


@pytest.mark.parametrize("forced", [delete, complete], ids=["deleted", "completed"])
async def test_what_left_a_tree_before_all_of_it_was_changed_stays_as_it_is(
    service: Service, owner: str, forced: Callable[..., Awaitable[Task]]
) -> None:
    """The move is under way when the other call looks at the tree: it waits for the move, and then looks."""
    root, moved, below = await make_chain(service, owner, 3)
    async with hold_row(service.database_url, [moved.name]) as held:
        leaving = asyncio.create_task(ended(move(service, moved, None)))
        await until(lambda: waiting_for_locks(held, 1), 0.9)
        changing = asyncio.create_task(ended(forced(service, root, force=True)))
        await until(lambda: waiting_for_locks(held, 2), 0.9)
    assert outcomes([await leaving, await changing]) == {"OK": 2}
    for task in (moved, below):
        after = await get(service, task)
        assert (after.HasField("delete_time"), after.state) == (False, Task.OPEN)


@pytest.mark.parametrize("calls", [100, pytest.param(5000, marks=[pytest.mark.prove, pytest.mark.timeout(600)])])
async def test_whatever_many_callers_do_to_a_forest_all_trees_stay_sound(
    service: Service, owner: str, calls: int
) -> None:
    seeded = random.Random(calls)
    forest = [*await make_chain(service, owner, 4), *await make_chain(service, owner, 4)]
    left = iter(range(calls))

    async def caller() -> list[Ended]:
        return [await ended(_any_call(service, forest, seeded)) for _ in left]

    found = outcomes([call for calls in await asyncio.gather(*(caller() for _ in range(CALLERS))) for call in calls])
    assert not await amiss(service)
    assert found["OK"] > calls / 5, found
    assert not found.keys() & {"INTERNAL_ERROR", "DEADLINE_EXCEEDED"}, found


def _any_call(service: Service, forest: list[Task], seeded: random.Random) -> Awaitable[Task]:
    """What brings back comes twice as often, so that there is something left to change."""
    task, other = seeded.sample(forest, 2)
    force = seeded.random() < 0.3
    kind = seeded.choice(("move", "leave", "delete", "complete", "start", "undelete", "undelete", "reopen", "reopen"))
    if kind in ("move", "leave"):
        return move(service, task, other if kind == "move" else None)
    if kind in ("delete", "complete"):
        return (delete if kind == "delete" else complete)(service, task, force=force)
    return {"undelete": undelete, "reopen": reopen, "start": start}[kind](service, task)
