"""Parses inside the chain, so that bytes which are no message get an answer like any other fault."""

from collections.abc import AsyncIterator

from google.protobuf.message import DecodeError, Message

from persistence.database import Replayed
from service import limits
from service.call import Call, Method, Step, set_current_method
from service.errors import MalformedRequest, RequestTooLarge, ResponseTooLarge

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
    async for data in requests:
        yield parse(method, data)
