"""One call on its way through the chain, and the method that it calls."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from taxiway.v1.access_pb2 import Access

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a service, as its descriptor tells it."""

    service: str  # taxiway.v1.TaskService
    name: str  # GetTask
    request: type[Message]
    client_streaming: bool
    server_streaming: bool
    access: Access | None  # who may call it; None where the contract does not say

    @property
    def path(self) -> str:
        return f"/{self.service}/{self.name}"


class Call:
    """What the concerns of the chain know of a call and add to it; `request` is bytes until `decode` parses it."""

    __slots__ = (
        "caller_id",
        "code",
        "context",
        "method",
        "reason",
        "request",
        "request_id",
        "requests",
        "source",
        "trailers",
    )

    def __init__(self, method: Method, request: Any, requests: AsyncIterator[bytes] | None, context: Context) -> None:
        self.method = method
        self.request = request
        self.requests = requests
        self.context = context
        self.request_id = ""
        self.source = ""  # where the call comes from, where proxies of ours stand before the service
        self.caller_id = ""  # empty until the call is known to be somebody's
        self.code = grpc.StatusCode.OK
        self.reason = ""
        self.trailers: tuple[tuple[str, str | bytes], ...] = ()


# A step of the chain takes a call and answers its encoded answer (None where messages were streamed), or raises.
Step = Callable[[Call], Awaitable[bytes | None]]
# A concern wraps the step inside it, once for each method, when the service starts.
Concern = Callable[[Method, Step], Step]
