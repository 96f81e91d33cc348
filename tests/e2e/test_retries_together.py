"""One request id from twenty callers at once, in one server and across two: one effect, and the same answer for all."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import grpc
import pytest
from google.protobuf.message import Message

from tests.conftest import Databases
from tests.e2e.bearer import bearing
from tests.e2e.conftest import Service, in_process
from tests.e2e.methods import Method, mutations
from tests.e2e.repeats import difference, effect_of_one, kept, named, sent, with_id

CALLERS = 20
CHOSEN = ("CreateTask", "BatchCreateTasks", "UpdateTag", "DeleteProject", "ImportTasks")


@pytest.fixture(scope="module")
async def servers(databases: Databases, migrated_template: str) -> AsyncIterator[Sequence[Service]]:
    """Two on one database, each with connections of its own."""
    async with (
        databases(template=migrated_template) as url,
        in_process(url) as one,
        in_process(url) as other,
    ):
        yield one, other


async def answers(servers: Sequence[Service], method: Method, request: Message) -> Sequence[tuple[bytes, bool]]:
    """What the callers are told, each on a connection of its own; the caller is the same in all servers."""
    async with AsyncExitStack() as stack:
        addresses = [servers[number % len(servers)].address for number in range(CALLERS)]
        interceptors, own = bearing(servers[0].token), [("grpc.use_local_subchannel_pool", 1)]
        channels = [
            await stack.enter_async_context(grpc.aio.insecure_channel(address, own, interceptors=interceptors))
            for address in addresses
        ]
        return await asyncio.gather(*(sent(channel, method, request) for channel in channels))


async def is_done_once(servers: Sequence[Service], method: Method) -> None:
    one, request = await effect_of_one(servers[0], method), await with_id(servers[0], method)
    before = await kept(servers[0].database_url)
    told = await answers(servers, method, request)
    assert len({answer for answer, _ in told}) == 1
    assert sorted(replayed for _, replayed in told) == [False] + [True] * (CALLERS - 1)
    assert difference(await kept(servers[0].database_url), before) == one


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", CHOSEN)
async def test_twenty_callers_at_once_do_it_once(servers: Sequence[Service], name: str, workers: int) -> None:
    await is_done_once(servers[:workers], named(name))


@pytest.mark.prove
@pytest.mark.parametrize("method", mutations(), ids=str)
async def test_twenty_callers_at_once_do_any_mutation_once(servers: Sequence[Service], method: Method) -> None:
    for _ in range(5):
        await is_done_once(servers, method)


async def test_the_same_id_of_another_caller_is_another_request(servers: Sequence[Service]) -> None:
    """Twenty callers who are not the same do it twenty times, even with the same id and the same words."""
    method, request = named("CreateTask"), await with_id(servers[0], named("CreateTask"))
    others = [await servers[number % 2].called_by("ADMIN") for number in range(4)]
    told = await asyncio.gather(*(sent(stubs.channel, method, request) for stubs in others))
    assert len({answer for answer, _ in told}) == len(others)
    assert not any(replayed for _, replayed in told)
