"""Whether other calls go on while passwords are hashed: GetTask while sign-ins saturate the hashing threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from statistics import quantiles

import grpc

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.size import Size
from benchmarks.stage import draft, service
from service.secret_key import SecretKeys
from taxiway.v1 import auth_service_pb2, task_service_pb2
from taxiway.v1.auth_service_pb2_grpc import AuthServiceStub
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from tests.e2e.accounts import accounts
from tests.e2e.bearer import bearing

GROUP = "GetTask while sign-ins saturate the hashing threads"
READERS, GUESSERS = 4, 8  # callers, each of whom waits for its answer
_NUMBERS, _COMPARED = count(), count()


async def measure(url: str, size: Size, say: Callable[[str], None]) -> list[Figure]:
    """The 99th percentile with and without the sign-ins, at the service's own hashing parameters."""
    say("sign-ins beside GetTask")
    calls = size.calls * size.rounds // READERS
    with service(url, SIGN_IN_LIMIT="1000") as server:  # strangers share an address, and must not be held up
        async with accounts(url, SecretKeys((bytes(32),))) as made:
            account = await made.make("USER")
        signed_in = grpc.aio.insecure_channel(server.address, interceptors=bearing(account.token))
        async with signed_in, grpc.aio.insecure_channel(server.address) as strangers:
            name = await _task(signed_in)
            await _read(signed_in, name, size.warm)
            alone = await _all(signed_in, name, calls)
            guessing = [asyncio.create_task(_guess(strangers)) for _ in range(GUESSERS)]
            beside = await _all(signed_in, name, calls)
            refused = _stop(guessing)
    compared = Figure(GROUP, "passwords compared meanwhile", refused, "calls", None, at_least(GUESSERS))
    return [Figure(GROUP, "p99", _p99(beside), "ms", _p99(alone), at_most(3.0, "ratio")), compared]


def _stop(guessing: list[asyncio.Task[None]]) -> int:
    """How many passwords were compared. Raises what ended one of them early: nothing was saturated then."""
    for guesser in guessing:
        if guesser.done():
            guesser.result()
        guesser.cancel()
    return next(_COMPARED)


async def _task(channel: grpc.aio.Channel) -> str:
    request = task_service_pb2.CreateTaskRequest(parent="users/me", task=draft())
    made = await TaskServiceStub(channel).CreateTask(request)
    return made.name


async def _all(channel: grpc.aio.Channel, name: str, calls: int) -> list[float]:
    readers = [_read(channel, name, calls) for _ in range(READERS)]
    return [seconds for times in await asyncio.gather(*readers) for seconds in times]


async def _read(channel: grpc.aio.Channel, name: str, calls: int) -> list[float]:
    get, request, times = TaskServiceStub(channel).GetTask, task_service_pb2.GetTaskRequest(name=name), []
    for _ in range(calls):
        began = time.perf_counter()
        await get(request)
        times.append(time.perf_counter() - began)
    return times


async def _guess(channel: grpc.aio.Channel) -> None:
    """Another login each time, so that no account's limit ends it."""
    sign_in = AuthServiceStub(channel).SignIn
    while True:
        request = auth_service_pb2.SignInRequest(login=f"nobody-{next(_NUMBERS)}", password="x" * 20)
        try:
            await sign_in(request)
        except grpc.aio.AioRpcError as refusal:
            if refusal.code() is grpc.StatusCode.UNAUTHENTICATED:
                next(_COMPARED)
            elif refusal.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[-1] * 1e3
