"""One line a call, and the request id that ties it to what the caller saw."""

import os
import re
import time
from typing import Any

import grpc

from service import logging
from service.call import Call, Concern, Method, Step

_GIVEN = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
HEADER = "x-request-id"


def access_log(level: str = "info") -> Concern:
    """`level` is `debug` for what tools ask every second: health and reflection."""
    write = getattr(logging.for_lines(), level)

    def concern(method: Method, proceed: Step) -> Step:
        name = f"{method.service}/{method.name}"

        async def logged(call: Call) -> bytes | None:
            started = time.perf_counter()
            call.request_id = _request_id(call)
            try:
                return await proceed(call)
            except BaseException:
                if call.code is grpc.StatusCode.OK:  # Core or the caller ended it: nobody waits for a status
                    call.code = grpc.StatusCode.CANCELLED
                raise
            finally:
                spent = round((time.perf_counter() - started) * 1000, 3)
                write("call", **_facts(call, name, spent))

        return logged

    return concern


def _facts(call: Call, name: str, milliseconds: float) -> dict[str, Any]:
    facts = {
        "method": name,
        "code": call.code.name,
        "ms": milliseconds,
        "request_id": call.request_id,
        "peer": call.context.peer(),
    }
    if call.source:
        facts["source"] = call.source
    if call.caller_id:
        facts["caller"] = call.caller_id
    if call.reason:
        facts["reason"] = call.reason
    return facts


def _request_id(call: Call) -> str:
    """The caller's own, where it is short and printable, echoed in the trailers; else a new one."""
    for key, value in call.context.invocation_metadata() or ():
        if key == HEADER and isinstance(value, str) and _GIVEN.fullmatch(value):
            call.trailers += ((HEADER, value),)
            return value
    return os.urandom(16).hex()
