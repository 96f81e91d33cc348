"""Parses inside the chain, so that bytes which are no message get an answer like any other fault."""

import asyncio
from collections.abc import AsyncIterator

from google.protobuf.message import DecodeError, Message

from persistence.database import Replayed
from service import limits
from service.call import Call, Method, Step
from service.errors import DeadlineExceeded, MalformedRequest, RequestTooLarge, ResponseTooLarge
from service.identity import set_current_method

STREAM_IDLE = 60  # seconds without a message, or with one that nobody takes
REPLAYED = ("taxiway-replayed", "true")


def decode(method: Method, proceed: Step) -> Step:
    name = f"{method.service}/{method.name}"

    async def decoded(call: Call) -> bytes | None:
        set_current_method(name)
        if call.requests is None:
            call.request = parse(method, call.request)
        else:
            call.request = _parsed(method, call.requests)
        answer = await proceed(call)
        if isinstance(answer, Replayed):
            call.trailers += (REPLAYED,)
            answer = bytes(answer)  # gRPC takes no subclass
        if answer is not None and len(answer) > limits.ANSWER_BYTES:
            raise ResponseTooLarge(f"The answer is larger than {limits.ANSWER_BYTES} bytes; ask for less at once.")
        return answer

    return decoded


def parse(method: Method, data: bytes) -> Message:
    """Raises RequestTooLarge, MalformedRequest."""
    if len(data) > limits.REQUEST_BYTES:
        message = f"The request has {len(data)} bytes; at most {limits.REQUEST_BYTES} are allowed."
        raise RequestTooLarge(message, metadata={"limit": str(limits.REQUEST_BYTES)})
    try:
        return method.request.FromString(data)
    except DecodeError:
        text = f"The bytes are no valid {method.request.DESCRIPTOR.full_name}; check the client's stubs."
        raise MalformedRequest(text) from None


async def _parsed(method: Method, requests: AsyncIterator[bytes]) -> AsyncIterator[Message]:
    """Each message in time: a stream that stands still holds a place among the calls in flight."""
    patience = None if method.access is None else STREAM_IDLE  # tools such as reflection may wait for a person
    messages = aiter(requests)
    while True:
        try:
            async with asyncio.timeout(patience):
                data = await anext(messages)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise DeadlineExceeded(f"No message came for {STREAM_IDLE} seconds; send them without a pause.") from None
        yield parse(method, data)
