"""Tells whether the caller may. Until access control lands there is one caller, the built-in administrator, who may."""

from service.call import Call, Method, Step
from service.identity import BUILT_IN_ADMINISTRATOR, caller


def authorize(method: Method, proceed: Step) -> Step:
    async def authorized(call: Call) -> bytes | None:
        if caller() is not BUILT_IN_ADMINISTRATOR:
            raise PermissionError("only the built-in administrator calls yet")
        return await proceed(call)

    return authorized
