"""The service configs in the client wheel repeat what they say, on a real channel to a real server."""

from __future__ import annotations

import asyncio
import importlib.resources
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc
import pytest

from taxiway.v1 import (
    auth_service_pb2,
    project_service_pb2,
    task_service_pb2,
    task_service_pb2_grpc,
    user_service_pb2,
)

CONFIGS = ("retry_reads.json", "retry_all.json")
READS = {
    *("GetTask", "ListTasks", "GetUser", "BatchGetUsers", "ListUsers", "ExportUserData", "ListAuditEvents"),
    *("ListSessions", "ListApiKeys", "GetSigningKeys", "GetProject", "ListProjects", "ListTags"),
    *("BatchGetTasks", "SearchTasks", "ExportTasks"),
}
Call = Callable[[bytes, grpc.aio.ServicerContext[bytes, bytes]], Awaitable[bytes]]


class Refusing(grpc.GenericRpcHandler):
    """Answers the first `refusals` attempts on each method with UNAVAILABLE, later ones with an empty message."""

    def __init__(self, refusals: float) -> None:
        self.refusals = refusals
        self.attempts: Counter[str] = Counter()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """A handler for every method there is."""
        call: Call = partial(self.answer, handler_call_details.method.rpartition("/")[2])
        return grpc.unary_unary_rpc_method_handler(call)

    async def answer(self, method: str, _: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        """Count the attempt and answer it."""
        self.attempts[method] += 1
        if self.attempts[method] <= self.refusals:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "refused")
        return b""


def config(name: str) -> str:
    """A service config as a client reads it."""
    return (importlib.resources.files("taxiway.v1") / name).read_text()


@asynccontextmanager
async def stub(handler: Refusing, name: str) -> AsyncIterator[task_service_pb2_grpc.TaskServiceAsyncStub]:
    """A stub of TaskService on a channel with the config, to a server with the handler."""
    server = grpc.aio.server(handlers=[handler], options=[("grpc.so_reuseport", 0)])
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", [("grpc.service_config", config(name))]) as channel:
        yield task_service_pb2_grpc.TaskServiceStub(channel)
    await server.stop(None)


def methods(name: str) -> set[str]:
    """`service/method` of all that the config names."""
    targets = [target for entry in json.loads(config(name))["methodConfig"] for target in entry["name"]]
    assert all(target.keys() == {"service", "method"} for target in targets)
    return {f"{target['service']}/{target['method']}" for target in targets}


def declared(*, repeatable: bool = False) -> set[str]:
    """`service/method` of all that the contract declares to read, and of those too that a request id makes safe."""
    services = (task_service_pb2, project_service_pb2, user_service_pb2, auth_service_pb2)
    files = tuple(service.DESCRIPTOR for service in services)
    all_methods = (m for file in files for service in file.services_by_name.values() for m in service.methods)
    named = (m for m in all_methods if m.name in READS or (repeatable and "request_id" in m.input_type.fields_by_name))
    return {f"{m.containing_service.full_name}/{m.name}" for m in named}


def test_the_first_config_names_the_methods_that_only_read() -> None:
    assert methods("retry_reads.json") == declared()


def test_the_second_config_names_every_method_that_a_caller_can_repeat_safely() -> None:
    """What carries a secret has no request id: a second SignIn would begin a second session."""
    assert methods("retry_all.json") == declared(repeatable=True)
    assert "taxiway.v1.AuthService/SignIn" not in methods("retry_all.json")


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_sets_no_deadline(name: str) -> None:
    assert all("timeout" not in entry for entry in json.loads(config(name))["methodConfig"])


@pytest.mark.parametrize("name", CONFIGS)
async def test_a_read_is_repeated_until_it_succeeds(name: str) -> None:
    handler = Refusing(2)
    async with stub(handler, name) as tasks:
        await tasks.GetTask(task_service_pb2.GetTaskRequest(), timeout=20)
    assert handler.attempts["GetTask"] == 3


async def test_the_first_config_never_repeats_a_write() -> None:
    handler = Refusing(1)
    async with stub(handler, "retry_reads.json") as tasks:
        with pytest.raises(grpc.aio.AioRpcError, match="refused"):
            await tasks.CreateTask(task_service_pb2.CreateTaskRequest(), timeout=20)
    assert handler.attempts["CreateTask"] == 1


async def test_the_second_config_repeats_a_write() -> None:
    handler = Refusing(2)
    async with stub(handler, "retry_all.json") as tasks:
        await tasks.CreateTask(task_service_pb2.CreateTaskRequest(), timeout=20)
    assert handler.attempts["CreateTask"] == 3


@pytest.mark.parametrize("name", CONFIGS)
async def test_five_attempts_are_the_most(name: str) -> None:
    handler = Refusing(float("inf"))
    async with stub(handler, name) as tasks:
        with pytest.raises(grpc.aio.AioRpcError, match="refused"):
            await tasks.GetTask(task_service_pb2.GetTaskRequest(), timeout=20)
    assert handler.attempts["GetTask"] == 5


async def test_a_channel_whose_calls_all_fail_stops_repeating() -> None:
    """100 tokens, one lost with each failure, no repeat below 50: 200 calls make at most 50 repeats, not 800."""
    handler = Refusing(float("inf"))
    async with stub(handler, "retry_all.json") as tasks:
        calls = (tasks.GetTask(task_service_pb2.GetTaskRequest(), timeout=20) for _ in range(200))
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(answer) for answer in answers} == {grpc.aio.AioRpcError}
    assert 200 <= handler.attempts["GetTask"] <= 250
