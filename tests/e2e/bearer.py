"""Calls that carry a bearer token, whatever their arity."""

from collections.abc import Callable
from typing import Any

import grpc

_Details = grpc.aio.ClientCallDetails


class _Bearer:
    """Adds the token where the call has no `authorization` of its own."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def _with_token(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        metadata = details.metadata if details.metadata is not None else grpc.aio.Metadata()
        if "authorization" not in metadata:
            metadata = grpc.aio.Metadata(*metadata, ("authorization", f"Bearer {self._token}"))
        return await proceed(details._replace(metadata=metadata), request)


class _UnaryUnary(_Bearer, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._with_token(continuation, client_call_details, request)


class _UnaryStream(_Bearer, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        return await self._with_token(continuation, client_call_details, request)


class _StreamUnary(_Bearer, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await self._with_token(continuation, client_call_details, request_iterator)


class _StreamStream(_Bearer, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        return await self._with_token(continuation, client_call_details, request_iterator)


def bearing(token: str) -> list[Any]:
    """Interceptors for a channel: one of each arity, since gRPC asks for them apart."""
    return [kind(token) for kind in (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)]
