"""Servicers to handlers: every method of a descriptor, wrapped in its chain, fed with bytes as they came.

Own registration, since the generated one parses before any interceptor runs: malformed bytes would then come out as
UNKNOWN with Python's exception text.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from service.access import declared
from service.call import Call, Concern, Method, Step
from service.errors import DeadlineExceeded, MethodNotFound
from service.interceptors.chain import compose, stream_request, unary_request
from service.interceptors.decode import STREAM_IDLE


def handlers(service: ServiceDescriptor, servicer: object, concerns: Sequence[Concern]) -> grpc.GenericRpcHandler:
    """Every method of `service`; an AttributeError at start names one that `servicer` lacks."""
    methods = {
        method.name: _handler(_method(method), getattr(servicer, method.name), concerns) for method in service.methods
    }
    return grpc.method_handlers_generic_handler(service.full_name, methods)


def _method(descriptor: MethodDescriptor) -> Method:
    request = message_factory.GetMessageClass(descriptor.input_type)
    service, streams = (
        descriptor.containing_service.full_name,
        (descriptor.client_streaming, descriptor.server_streaming),
    )
    return Method(service, descriptor.name, request, *streams, declared(descriptor))


def _handler(method: Method, serve: Callable[[Any], Any], concerns: Sequence[Concern]) -> Any:
    innermost = _streamed(serve) if method.server_streaming else _unary(serve)
    step = compose(method, concerns, innermost)
    if method.client_streaming:
        make = (
            grpc.stream_stream_rpc_method_handler if method.server_streaming else grpc.stream_unary_rpc_method_handler
        )
        return make(stream_request(method, step))
    make = grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
    return make(unary_request(method, step))


def _unary(serve: Callable[[Any], Any]) -> Step:
    async def step(call: Call) -> bytes | None:
        answer: bytes = await serve(call.request)
        return answer

    return step


def _streamed(serve: Callable[[Any], AsyncIterator[Message]]) -> Step:
    async def step(call: Call) -> None:
        async with aclosing(serve(call.request)) as messages:  # type: ignore[type-var]  # servicers write generators
            async for message in messages:
                await _write(call, message)

    return step


async def _write(call: Call, message: Message) -> None:
    """A reader that stops reading holds the stream up (flow control), and a place among the calls in flight."""
    try:
        async with asyncio.timeout(STREAM_IDLE):
            await call.context.write(message.SerializeToString())
    except TimeoutError:
        raise DeadlineExceeded(f"No message was taken for {STREAM_IDLE} seconds; read without a pause.") from None


class UnknownMethods(grpc.GenericRpcHandler):
    """Added last: answers what no service has, under one name, so that callers cannot make metrics grow."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        method = Method("unknown", "unknown", Empty, client_streaming=True, server_streaming=True, access=None)
        self._handler: Any = grpc.stream_stream_rpc_method_handler(
            stream_request(method, compose(method, concerns, _refuse))
        )

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:  # noqa: ARG002 - gRPC names it
        return self._handler


async def _refuse(_call: Call) -> bytes | None:
    raise MethodNotFound("The service has no such method; check package, service and method name.")
