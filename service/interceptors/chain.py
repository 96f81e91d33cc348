"""The chain around every method, outermost first, composed once when the service starts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from service.call import Call, Concern, Context, Method, Step
from service.interceptors.access_log import access_log
from service.interceptors.admission import Admission
from service.interceptors.authenticate import Authenticate
from service.interceptors.authorize import Authorize
from service.interceptors.deadline import deadline
from service.interceptors.decode import decode
from service.interceptors.drain import Drain
from service.interceptors.metrics import CallMetrics
from service.interceptors.status import status


@dataclass(frozen=True, slots=True)
class Chain:
    """The concerns that keep a state; the others are functions."""

    metrics: CallMetrics
    drain: Drain
    admission: Admission
    authenticate: Authenticate
    authorize: Authorize

    def of_calls(self) -> tuple[Concern, ...]:
        return (
            access_log(),  # outermost: one line for whatever happens inside
            self.metrics,  # counts what the status makes of it
            status,  # everything inside may raise
            self.drain,  # the cheapest refusal comes first
            deadline,  # bounds all that follows, waiting included
            self.admission,  # before any work is done for the call
            self.authenticate,  # from the metadata alone
            decode,  # a caller that nobody knows makes us parse nothing
            self.authorize,  # needs the parsed request: the owner is in the name
        )

    def of_tools(self) -> tuple[Concern, ...]:
        """Health and reflection: answered while the service is overloaded or drains, to everyone, without deadline."""
        return (access_log("debug"), self.metrics, status, decode)


def compose(method: Method, concerns: Sequence[Concern], innermost: Step) -> Step:
    return reduce(lambda step, concern: concern(method, step), reversed(concerns), innermost)


def unary_request(method: Method, step: Step) -> Callable[[bytes, Context], Awaitable[Any]]:
    """What grpc.aio calls for a method whose request is one message."""

    async def handle(request: bytes, context: Context) -> Any:
        call = Call(method, request, None, context)
        return _answer(call, await step(call))

    return handle


def stream_request(method: Method, step: Step) -> Callable[[Any, Context], Awaitable[Any]]:
    """What grpc.aio calls for a method whose request is a stream."""

    async def handle(requests: Any, context: Context) -> Any:
        call = Call(method, None, requests, context)
        return _answer(call, await step(call))

    return handle


def _answer(call: Call, answer: bytes | None) -> bytes | None:
    if call.trailers:
        call.context.set_trailing_metadata(call.trailers)
    return answer
