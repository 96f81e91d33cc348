"""Who calls, from where and which method: set for each call by the chain; use cases get the caller handed in."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["USER", "SERVICE", "ADMIN"]


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, and what its credential lets it do: `scopes` count for the role SERVICE alone."""

    id: UUID
    role: Role = "USER"
    scopes: frozenset[str] = frozenset()
    session_id: UUID | None = None  # where the call came with an access token
    api_key_id: UUID | None = None  # where it came with an API key


ANONYMOUS = Caller(UUID(int=0))  # who calls what needs no credentials

_CALLER: ContextVar[Caller] = ContextVar("taxiway_caller")


def caller() -> Caller:
    """Who makes the call that is being served."""
    return _CALLER.get()


def set_caller(value: Caller) -> None:
    _CALLER.set(value)


_METHOD: ContextVar[str] = ContextVar("taxiway_method")


def current_method() -> str:
    """The full name of the method that is being served, as in taxiway.v1.TaskService/GetTask."""
    return _METHOD.get()


def set_current_method(name: str) -> None:
    _METHOD.set(name)


_ORIGIN: ContextVar[Callable[[], tuple[str, str]]] = ContextVar("taxiway_origin")


def current_source() -> str:
    """The address that the call comes from, at most 64 characters."""
    return _ORIGIN.get()()[0]


def current_user_agent() -> str:
    """What the client calls itself, at most 200 code points; may be empty."""
    return _ORIGIN.get()()[1]


def set_origin(find: Callable[[], tuple[str, str]]) -> None:
    """`find` answers source and user agent; it is asked only where somebody wants to know."""
    _ORIGIN.set(find)
