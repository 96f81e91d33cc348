"""grpc.health.v1.Health, fed by the database's pings: for "", for each service, and `liveness`."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from google.protobuf.message import Message
from grpc_health.v1 import health_pb2 as pb

from persistence.pulse import INTERVAL, Pulse
from service.errors import Draining, NotFound, Overloaded

LIVENESS = "liveness"  # whether the process serves at all; never asks for the database
WATCHERS = 1000


class HealthServicer:
    """Answers from memory: a probe costs no database round trip."""

    def __init__(self, services: Sequence[str]) -> None:
        self._services = ("", *services)
        self._ready = self._draining = self._ended = False
        self._changed = asyncio.Event()
        self._watchers = 0

    async def follow(self, pulse: Pulse) -> None:
        """Runs for as long as the service does: readiness is whether the database answered lately."""
        while True:
            self._set(ready=pulse.alive)
            await asyncio.sleep(INTERVAL)

    def drain(self) -> None:
        """Not ready from here on; every Watch is told so."""
        self._draining = True
        self._set(ready=False)

    def end_watches(self) -> None:
        """A moment after `drain`: the end of a stream would overtake the last message, and grpc.aio then drops it."""
        self._ended = True
        self._tell()

    def _set(self, *, ready: bool) -> None:
        ready = ready and not self._draining
        if ready != self._ready:
            self._ready = ready
            self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _status(self, service: str) -> int | None:
        if service == LIVENESS:
            return pb.HealthCheckResponse.SERVING
        if service not in self._services:
            return None
        return pb.HealthCheckResponse.SERVING if self._ready else pb.HealthCheckResponse.NOT_SERVING

    async def Check(self, request: pb.HealthCheckRequest) -> bytes:
        status = self._status(request.service)
        if status is None:
            raise NotFound("There is no such service; List names those there are.")
        return pb.HealthCheckResponse(status=status).SerializeToString()

    async def List(self, request: Message) -> bytes:  # noqa: ARG002 - every method has its request
        names = (*self._services, LIVENESS)
        statuses = {name: pb.HealthCheckResponse(status=self._status(name)) for name in names}
        response: Message = pb.HealthListResponse(statuses=statuses)  # type: ignore[attr-defined]  # newer than the types
        return response.SerializeToString()

    async def Watch(self, request: pb.HealthCheckRequest) -> AsyncIterator[pb.HealthCheckResponse]:
        if self._watchers >= WATCHERS:
            raise Overloaded(f"{WATCHERS} callers watch already; use Check.")
        self._watchers += 1
        try:
            async for response in self._watch(request.service):
                yield response
        finally:
            self._watchers -= 1

    async def _watch(self, service: str) -> AsyncIterator[pb.HealthCheckResponse]:
        told: int | None = None
        while True:
            changed, status = self._changed, self._status(service)
            if status is None:
                status = pb.HealthCheckResponse.SERVICE_UNKNOWN
            if status != told:
                told = status
                yield pb.HealthCheckResponse(status=status)
            if self._ended:
                raise Draining("This server is shutting down; watch another one.")
            await changed.wait()
