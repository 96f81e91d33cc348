"""Refuses new calls once the service is about to end, so that callers go elsewhere and none is dropped."""

from service.call import Call, Method, Step
from service.errors import Draining


class Drain:
    """`begin` is the first act of a shutdown; calls that are under way go on."""

    def __init__(self) -> None:
        self._draining = False

    def begin(self) -> None:
        self._draining = True

    def __call__(self, method: Method, proceed: Step) -> Step:
        async def admitted(call: Call) -> bytes | None:
            if self._draining:
                raise Draining("This server is shutting down; repeat the call, another server will answer it.")
            return await proceed(call)

        return admitted
