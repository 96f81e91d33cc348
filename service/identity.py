"""Who calls, as a value; authentication sets it for each call, use cases get it handed in."""

from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    id: UUID


# Until access control lands every call runs as this account, which `serve` makes where it is missing, so that
# `users/me` is somebody. It has no credential and cannot sign in.
BUILT_IN_ADMINISTRATOR = Caller(UUID("00000000-0000-7000-8000-000000000001"))

_CALLER: ContextVar[Caller] = ContextVar("taxiway_caller")


def caller() -> Caller:
    """Who makes the call that is being served."""
    return _CALLER.get()


def set_caller(value: Caller) -> None:
    _CALLER.set(value)
