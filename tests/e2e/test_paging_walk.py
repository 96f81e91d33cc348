"""A walk while others write neither loses nor repeats a task that was there throughout."""

import asyncio
import random
from collections import Counter

import pytest

from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import DeleteTaskRequest, UndeleteTaskRequest
from tests.e2e.conftest import Service
from tests.e2e.lists import TASKS
from tests.e2e.making import make_task, make_user, update_task

WRITERS = 8
OWN = 40  # tasks of one writer that live at a time, so that the list does not outgrow the walk


async def write(service: Service, parent: str, lasting: list[str], seed: int, done: asyncio.Event) -> int:
    """Creates, updates, deletes and restores until `done`: of what is to last it changes the titles only."""
    choice, writes = random.Random(seed), 0
    own: list[str] = []
    while not done.is_set():
        act = choice.random()
        if not own or (act < 0.4 and len(own) < OWN):
            own.append((await make_task(service, parent)).name)
        elif act < 0.7:
            await update_task(service, Task(name=choice.choice(lasting), title=f"Title {seed} {writes}"))
        else:
            name = own.pop(choice.randrange(len(own)))
            await service.tasks.DeleteTask(DeleteTaskRequest(name=name))
            if act < 0.85:
                await service.tasks.UndeleteTask(UndeleteTaskRequest(name=name))
                own.append(name)
        writes += 1
    return writes


async def walks(service: Service, parent: str, lasting: list[str], rounds: int) -> None:
    for _ in range(rounds):
        seen = Counter([task.name for task in await TASKS.all(service, parent=parent, page_size=7)])
        assert not [name for name in lasting if seen[name] != 1], "what was there throughout comes exactly once"
        assert max(seen.values()) == 1


async def walk_under_writes(service: Service, lasting_tasks: int, rounds: int) -> None:
    parent = (await make_user(service)).name
    lasting = [(await make_task(service, parent)).name for _ in range(lasting_tasks)]
    done = asyncio.Event()
    writers = [asyncio.create_task(write(service, parent, lasting, seed, done)) for seed in range(WRITERS)]
    try:
        await walks(service, parent, lasting, rounds)
    finally:
        done.set()
        written = await asyncio.gather(*writers)
    assert min(written) > 0, "every writer wrote meanwhile"


async def test_a_walk_under_concurrent_writes_finds_every_lasting_task_once(service: Service) -> None:
    await walk_under_writes(service, lasting_tasks=60, rounds=3)


@pytest.mark.prove
@pytest.mark.timeout(600)
async def test_long_walks_under_concurrent_writes_find_every_lasting_task_once(service: Service) -> None:
    await walk_under_writes(service, lasting_tasks=1000, rounds=15)
