"""Tells whether the caller may, from the request alone and before anything is looked up (AIP-211)."""

from collections.abc import AsyncIterator, Callable, Sequence
from operator import attrgetter
from typing import Any

from persistence.models.audit_log import AuditEvent
from service import limits
from service.access import checked
from service.call import Call, Method, Step
from service.credentials.refusals import Refusals
from service.errors import PermissionDenied, TooManyAttempts, Unauthenticated, Violation, invalid
from service.identity import ANONYMOUS, Caller, caller
from service.names import ACROSS, owner_in
from taxiway.v1.access_pb2 import Access

Named = tuple[str, str]  # the path of a field, and the name in it
Owners = Callable[[Any], Sequence[Named]]

_FORM = "must begin with users/{user}, where the id is a UUID in canonical lower-case form, or with `users/me`"


class Authorize:
    """Denies by default: a method whose access is not declared stops the start-up."""

    def __init__(self, refusals: Refusals) -> None:
        self._refusals = refusals

    def __call__(self, method: Method, proceed: Step) -> Step:
        declared = checked(method.access, f"{method.service}/{method.name}", method.request.DESCRIPTOR)
        owners = _owners(declared.owner_field)

        async def authorized(call: Call) -> bytes | None:
            try:
                if method.client_streaming and declared.owner_field:
                    call.request = _checked(declared, owners, call.request)
                else:
                    _check(caller(), declared, owners, call.request)
                return await proceed(call)
            except (PermissionDenied, Unauthenticated, TooManyAttempts) as refusal:
                self._note(refusal, f"{method.service}/{method.name}")
                raise

        return authorized

    def _note(self, refusal: PermissionDenied | Unauthenticated | TooManyAttempts, method: str) -> None:
        if isinstance(refusal, Unauthenticated) and refusal.noted:
            return
        event: AuditEvent = "PERMISSION_DENIED" if isinstance(refusal, PermissionDenied) else "AUTHENTICATION_FAILED"
        self._refusals.note(event, None if caller() == ANONYMOUS else caller().id, method, refusal.reason)


async def _checked(declared: Access, owners: Owners, requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Each message of a stream names an owner, and may name another one than the message before."""
    async for request in requests:
        _check(caller(), declared, owners, request)
        yield request


def _check(who: Caller, declared: Access, owners: Owners, request: Any) -> None:
    if not _may(who, declared, owners, request):
        raise PermissionDenied
    across = [path for path, name in owners(request) if owner_in(name) == ACROSS]
    if across and not declared.across_owners:
        raise invalid(
            [Violation(path, f"{_FORM}: one owner, and not `users/-`, which has no meaning here") for path in across]
        )


def _may(who: Caller, declared: Access, owners: Owners, request: Any) -> bool:
    if declared.anonymous or declared.authenticated or who.role == "ADMIN":
        return True
    if who.role == "SERVICE":
        return bool(declared.scope) and declared.scope in who.scopes
    return bool(declared.owner_field) and _owns(who, declared.owner_field, owners(request))


def _owns(who: Caller, field: str, named: Sequence[Named]) -> bool:
    """Whether each name is below the caller. A name without an owner is refused for its form: it is nobody's."""
    found = [owner_in(name) for _, name in named]
    if None in found or not found:
        nobodys = [path for (path, _), owner in zip(named, found, strict=True) if owner is None]
        raise invalid([Violation(path, _FORM) for path in nobodys or [field]])
    return all(owner != ACROSS and owner == who.id for owner in found)


def _owners(path: str) -> Owners:
    if not path:
        return lambda _: ()
    value = attrgetter(path)

    def names(request: Any) -> Sequence[Named]:
        found = value(request)
        if isinstance(found, str):
            return ((path, found),)
        if len(found) > limits.BATCH_ITEMS:  # before each of them is looked at
            raise invalid([Violation(path, f"must have 1 to {limits.BATCH_ITEMS} items, not {len(found)}")])
        return [(f"{path}[{place}]", name) for place, name in enumerate(found)]

    return names
