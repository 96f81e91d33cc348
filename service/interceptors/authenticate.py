"""Tells who calls, from the metadata alone. Until access control lands that is always the built-in administrator."""

from collections.abc import Iterable
from typing import Any

from service import limits
from service.call import Call, Method, Step
from service.errors import MetadataTooLarge
from service.identity import BUILT_IN_ADMINISTRATOR, set_caller


def authenticate(method: Method, proceed: Step) -> Step:
    async def authenticated(call: Call) -> bytes | None:
        if _size(call.context.invocation_metadata() or ()) > limits.METADATA_BYTES:
            raise MetadataTooLarge(f"The call's metadata is larger than {limits.METADATA_BYTES} bytes; send less.")
        set_caller(BUILT_IN_ADMINISTRATOR)
        return await proceed(call)

    return authenticated


def _size(metadata: Iterable[Any]) -> int:
    return sum(len(key) + len(value) for key, value in metadata)
