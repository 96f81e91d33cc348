"""One call on its way through the chain, and the method that it calls."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a service, as its descriptor tells it."""

    service: str  # taxiway.v1.TaskService
    name: str  # GetTask
    request: type[Message]
    client_streaming: bool
    server_streaming: bool

    @property
    def path(self) -> str:
        return f"/{self.service}/{self.name}"


class Call:
    """What the concerns of the chain know of a call and add to it; `request` is bytes until `decode` parses it."""

    __slots__ = ("code", "context", "method", "reason", "request", "request_id", "requests", "trailers")

    def __init__(self, method: Method, request: Any, requests: AsyncIterator[bytes] | None, context: Context) -> None:
        self.method = method
        self.request = request
        self.requests = requests
        self.context = context
        self.request_id = ""
        self.code = grpc.StatusCode.OK
        self.reason = ""
        self.trailers: tuple[tuple[str, str | bytes], ...] = ()


# A step of the chain takes a call and answers its encoded answer (None where messages were streamed), or raises.
Step = Callable[[Call], Awaitable[bytes | None]]
# A concern wraps the step inside it, once for each method, when the service starts.
Concern = Callable[[Method, Step], Step]

_METHOD: ContextVar[str] = ContextVar("taxiway_method")


def current_method() -> str:
    """The full name of the method that is being served, as in taxiway.v1.TaskService/GetTask."""
    return _METHOD.get()


def set_current_method(name: str) -> None:
    _METHOD.set(name)
