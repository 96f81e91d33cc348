"""Calls that are repeated under one request id, and what they leave in the database."""

from collections import Counter
from collections.abc import Mapping
from uuid import uuid4

import grpc
from google.protobuf.message import Message

from taxiway.v1 import task_pb2
from taxiway.v1 import task_service_pb2 as tasks
from tests.e2e.accepted import accepted
from tests.e2e.conftest import Service
from tests.e2e.making import make_task, make_user
from tests.e2e.methods import Method, methods
from tests.e2e.rows import select

REPLAYED = ("taxiway-replayed", "true")
Effect = Counter[tuple[str, str]]  # by table and what is counted


def named(name: str) -> Method:
    return next(method for method in methods() if method.name == name)


async def with_id(service: Service, method: Method) -> Message:
    """A request of its own that is accepted, and changes something."""
    whole = method.name == "CreateTask"
    request: Message = await (_with_all_that_is_written(service) if whole else accepted(service, method))
    request.request_id = str(uuid4())  # type: ignore[attr-defined]  # every mutation has it
    return request


async def _with_all_that_is_written(service: Service) -> Message:
    """Which holds the owner's row, makes tags, and looks at what is above."""
    owner = (await make_user(service)).name
    above = await make_task(service, owner, tags=["there already"])
    task = task_pb2.Task(title="Below", tags=["there already", "new", "newer"], parent_task=above.name)
    task.metadata.update({"color": "red"})
    return tasks.CreateTaskRequest(parent=owner, task=task)


async def sent(channel: grpc.aio.Channel, method: Method, request: Message | bytes) -> tuple[bytes, bool]:
    """The answer, and whether it was given before; an import says so in its answer, which else is the same."""
    encoded = request if isinstance(request, bytes) else request.SerializeToString()
    answer, trailers = await method.with_trailers(channel, encoded)
    if method.name != "ImportTasks":
        return answer, REPLAYED in trailers
    counted = tasks.ImportTasksResponse.FromString(answer)
    replayed, counted.replayed = bool(counted.replayed), 0
    return counted.SerializeToString(), replayed


async def kept(database_url: str) -> Effect:
    """How many rows each table has, and the sum of their versions."""
    versioned = "EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'version')"
    query = f"""
        SELECT relname, {versioned} FROM pg_class c
        WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = current_schema()::regnamespace"""
    counts = "SELECT '{0}', 'rows', count(*) FROM {0}"
    sums = "SELECT '{0}', 'versions', coalesce(sum(version), 0)::bigint FROM {0}"
    tables: Mapping[str, bool] = dict(await select(database_url, query))
    wanted = [counts.format(name) for name in tables] + [sums.format(name) for name, yes in tables.items() if yes]
    return Counter(
        {(name, kind): number for name, kind, number in await select(database_url, " UNION ALL ".join(wanted))}
    )


def difference(after: Effect, before: Effect) -> dict[tuple[str, str], int]:
    return {key: after[key] - before[key] for key in after if after[key] != before[key]}


def times(effect: Mapping[tuple[str, str], int], number: int) -> dict[tuple[str, str], int]:
    return {key: count * number for key, count in effect.items() if number}


async def effect_of_one(service: Service, method: Method) -> Mapping[tuple[str, str], int]:
    """What one call does that nobody disturbs."""
    request = await with_id(service, method)
    before = await kept(service.database_url)
    await sent(service.channel, method, request)
    effect = difference(await kept(service.database_url), before)
    assert effect[("requests", "rows")] == 1
    assert len(effect) > 1, "it does something"
    return effect
