"""kill -9 of a server at every step of a unit: the repeat on another server finds all of it done, or nothing."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain, count, islice

import grpc
import pytest
from google.protobuf.message import Message

from tests.e2e.bearer import bearing
from tests.e2e.conftest import Service
from tests.e2e.faults.calls import OK, Ended, ended
from tests.e2e.faults.figures import report
from tests.e2e.faults.steps import COMMIT, Steps, steps
from tests.e2e.faults.until import until
from tests.e2e.methods import Method, mutations
from tests.e2e.repeats import difference, effect_of_one, kept, named, sent, times, with_id
from tests.e2e.service_process import KEY, ServiceProcess, serving

AT_ONCE = 9  # calls that stand still in one server, each at another step; its pool has ten connections


@pytest.fixture
def service(service_of_file: Service) -> Service:
    """The server that lives on."""
    return service_of_file


@dataclass(frozen=True)
class Doomed:
    """A server that will be killed, and whose units stop where they are told to."""

    process: ServiceProcess
    proxy: Steps
    channel: grpc.aio.Channel

    async def stop_call(self, method: Method, request: Message, step: int) -> "asyncio.Task[Ended]":
        """The call, which has stopped at this step of its unit, or is over because it has fewer."""
        stopped = self.proxy.stopped
        self.proxy.arm(step)
        call = asyncio.create_task(ended(sent(self.channel, method, request)))
        await until(lambda: self.proxy.stopped > stopped or call.done(), 10)
        return call

    async def warm_up(self, service: Service) -> None:
        """So that its connections know types and statements: to ask for them are steps that change nothing."""
        create, request = named("CreateTask"), await with_id(service, named("CreateTask"))
        request.ClearField("request_id")
        await asyncio.gather(*(sent(self.channel, create, request) for _ in range(AT_ONCE)))

    async def kill(self) -> None:
        self.process.signal(signal.SIGKILL)
        await self.process.ended()


@asynccontextmanager
async def doomed(service: Service) -> AsyncIterator[Doomed]:
    async with steps(service.database_url) as proxy:
        settings = {"DATABASE_URL": proxy.url, "SECRET_KEY": KEY, "PURGE": "off"}
        async with (
            serving(settings) as process,
            grpc.aio.insecure_channel(process.address, interceptors=bearing(service.token)) as channel,
        ):
            yield Doomed(process, proxy, channel)


async def replays_by_step(service: Service, method: Method) -> Sequence[bool]:
    """For each step at which the server was killed whether the repeat found the call done; until none was left.

    The first is COMMIT, whichever number that has on a connection: one that knows less of the database asks more.
    """
    one, numbers, found = await effect_of_one(service, method), chain((COMMIT,), count(1)), list[bool]()
    while True:
        chosen = list(islice(numbers, AT_ONCE))
        requests = [await with_id(service, method) for _ in chosen]
        async with doomed(service) as server:
            await server.warm_up(service)
            before = await kept(service.database_url)
            calls = [
                await server.stop_call(method, request, step) for request, step in zip(requests, chosen, strict=True)
            ]
            over = [call.done() for call in calls]
            await server.kill()
            answered = [(await call).code is OK for call in calls]
        assert answered == over, "whose server is gone gets no answer"
        done = difference(await kept(service.database_url), before)
        repeats = [await sent(service.channel, method, request) for request in requests]
        assert done == times(one, sum(replayed for _, replayed in repeats)), "whatever is not all done is not done"
        assert difference(await kept(service.database_url), before) == times(one, len(requests)), "one effect each"
        again = [await sent(service.channel, method, request) for request in requests]
        assert again == [(answer, True) for answer, _ in repeats]
        found += [replayed for (_, replayed), whole in zip(repeats, over, strict=True) if not whole]
        if any(over):
            return found


async def is_done_once(service: Service, method: Method) -> int:
    """How many steps the unit has; COMMIT alone does it."""
    committed, *replays = await replays_by_step(service, method)
    assert committed
    assert replays[0] is False
    return len(replays)


async def test_a_task_is_made_once_wherever_in_its_unit_the_server_was_killed(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """With tags, a parent and metadata: the unit of the most statements that a single task has."""
    number = await is_done_once(service, named("CreateTask"))
    report(capsys, f"CreateTask: killed at each of {number} steps, done once")
    assert number >= 9


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("method", mutations(), ids=str)
async def test_any_mutation_is_done_once_wherever_in_its_unit_the_server_was_killed(
    service: Service, capsys: pytest.CaptureFixture[str], method: Method
) -> None:
    number = await is_done_once(service, method)
    report(capsys, f"{method}: killed at each of {number} steps, done once")
