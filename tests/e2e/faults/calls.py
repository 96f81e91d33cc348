"""Calls as a client makes them under faults, and how they ended."""

import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import grpc
from google.rpc import error_details_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_status import rpc_status

from taxiway.v1 import task_pb2, task_service_pb2, user_pb2, user_service_pb2
from taxiway.v1.task_service_pb2_grpc import TaskServiceStub
from taxiway.v1.user_service_pb2_grpc import UserServiceStub
from tests.e2e.bearer import bearing

if TYPE_CHECKING:
    from taxiway.v1.task_service_pb2_grpc import TaskServiceAsyncStub
    from taxiway.v1.user_service_pb2_grpc import UserServiceAsyncStub

OK = grpc.StatusCode.OK


@dataclass(frozen=True)
class Ended:
    """How a call ended: the answer where the code is OK, else the reason in its ErrorInfo, and the seconds it took."""

    code: grpc.StatusCode
    seconds: float
    answer: Any = None
    reason: str = ""
    message: str = ""
    retry_delay: float | None = None
    trailers: tuple[tuple[str, str | bytes], ...] = ()


async def ended(call: Awaitable[Any]) -> Ended:
    """Awaits the call and tells how it ended."""
    began = time.monotonic()
    try:
        answer = await call
    except grpc.aio.AioRpcError as error:
        return _refused(error, time.monotonic() - began)
    return Ended(OK, time.monotonic() - began, answer)


def _refused(error: grpc.aio.AioRpcError, seconds: float) -> Ended:
    trailers = tuple((key, value) for key, value in error.trailing_metadata() or ())
    reason, delay = "", None
    status = rpc_status.from_call(error)  # type: ignore[arg-type]  # an error has what it reads of a call
    for detail in status.details if status is not None else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            info = error_details_pb2.ErrorInfo()
            detail.Unpack(info)
            reason = info.reason
        if detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            delay = retry.retry_delay.ToTimedelta().total_seconds()
    return Ended(error.code(), seconds, None, reason, error.details() or "", delay, trailers)


@dataclass(frozen=True)
class Client:
    """Stubs on one channel, with one call for each that tests make again and again."""

    channel: grpc.aio.Channel

    @property
    def tasks(self) -> "TaskServiceAsyncStub":
        return TaskServiceStub(self.channel)

    @property
    def users(self) -> "UserServiceAsyncStub":
        return UserServiceStub(self.channel)

    @property
    def health(self) -> Any:  # its type stub names no method
        return HealthStub(self.channel)

    async def user(self) -> str:
        """The name of a new user."""
        name = f"u{uuid.uuid4().hex}"
        user = user_pb2.User(username=name, email=f"{name}@example.com")
        return (await self.users.CreateUser(user_service_pb2.CreateUserRequest(user=user))).name

    def create(self, parent: str, title: str = "A task", request_id: str = "", **options: Any) -> Any:
        request = task_service_pb2.CreateTaskRequest(
            parent=parent, task=task_pb2.Task(title=title), request_id=request_id
        )
        return self.tasks.CreateTask(request, **options)

    def get(self, name: str, **options: Any) -> Any:
        return self.tasks.GetTask(task_service_pb2.GetTaskRequest(name=name), **options)

    def retitle(self, name: str, title: str, request_id: str = "", **options: Any) -> Any:
        task = task_pb2.Task(name=name, title=title)
        return self.tasks.UpdateTask(task_service_pb2.UpdateTaskRequest(task=task, request_id=request_id), **options)

    def list(self, parent: str, page_token: str = "", **options: Any) -> Any:
        request = task_service_pb2.ListTasksRequest(parent=parent, page_size=1000, page_token=page_token)
        return self.tasks.ListTasks(request, **options)

    async def titles(self, parent: str, **options: Any) -> Sequence[str]:
        """Of all tasks of the user, sorted."""
        titles, token = [], ""
        while True:
            page = await self.list(parent, token, **options)
            titles += [task.title for task in page.tasks]
            token = page.next_page_token
            if not token:
                return sorted(titles)


def service_config(name: str) -> str:
    """A shipped one, `retry_reads` or `retry_all`."""
    text = files("taxiway.v1").joinpath(f"{name}.json").read_text()
    json.loads(text)
    return text


@asynccontextmanager
async def client(
    address: str, config: str = "", options: Sequence[tuple[str, Any]] = (), *, token: str = ""
) -> AsyncIterator[Client]:
    """A client with a connection of its own, of nobody without a token; `config` is the name of a shipped one."""
    retries = [("grpc.service_config", service_config(config))] if config else [("grpc.enable_retries", 0)]
    given = [*retries, ("grpc.use_local_subchannel_pool", 1), *options]
    interceptors = bearing(token) if token else []
    async with grpc.aio.insecure_channel(address, options=given, interceptors=interceptors) as channel:
        yield Client(channel)


def new_id() -> str:
    """A request id."""
    return str(uuid.uuid4())
