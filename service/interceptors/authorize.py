"""Tells whether the caller may, from the request alone and before anything is looked up (AIP-211)."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from service.access import checked
from service.call import Call, Method, Step
from service.credentials.refusals import Refusals
from service.errors import PermissionDenied, TooManyAttempts, Unauthenticated, Violation, invalid
from service.identity import ANONYMOUS, Caller, caller
from service.names import ACROSS, owner_in
from taxiway.v1.access_pb2 import Access

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
                _check(caller(), declared, owners, call.request)
                return await proceed(call)
            except (PermissionDenied, Unauthenticated, TooManyAttempts) as refusal:
                self._note(refusal, f"{method.service}/{method.name}")
                raise

        return authorized

    def _note(self, refusal: PermissionDenied | Unauthenticated | TooManyAttempts, method: str) -> None:
        if isinstance(refusal, Unauthenticated) and refusal.noted:
            return
        event = "PERMISSION_DENIED" if isinstance(refusal, PermissionDenied) else "AUTHENTICATION_FAILED"
        self._refusals.note(event, None if caller() == ANONYMOUS else caller().id, method, refusal.reason)


def _check(who: Caller, declared: Access, owners: Callable[[Any], Iterable[str]], request: Any) -> None:
    if not _may(who, declared, owners, request):
        raise PermissionDenied
    if not declared.across_owners and any(owner_in(name) == ACROSS for name in owners(request)):
        raise invalid([Violation(declared.owner_field, "must name one owner: `users/-` has no meaning here")])


def _may(who: Caller, declared: Access, owners: Callable[[Any], Iterable[str]], request: Any) -> bool:
    if declared.anonymous or declared.authenticated or who.role == "ADMIN":
        return True
    if who.role == "SERVICE":
        return bool(declared.scope) and declared.scope in who.scopes
    return bool(declared.owner_field) and _owns(who, declared.owner_field, owners(request))


def _owns(who: Caller, field: str, names: Iterable[str]) -> bool:
    """Whether each name is below the caller. A name without an owner is refused for its form: it is nobody's."""
    found = [owner_in(name) for name in names]
    if None in found or not found:
        raise invalid([Violation(field, _FORM)])
    return all(owner != ACROSS and owner == who.id for owner in found)


def _owners(path: str) -> Callable[[Any], Iterable[str]]:
    if not path:
        return lambda _: ()
    value = attrgetter(path)

    def names(request: Any) -> Iterable[str]:
        found = value(request)
        return (found,) if isinstance(found, str) else found

    return names
