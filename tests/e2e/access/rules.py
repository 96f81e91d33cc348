"""Who may call what, computed from the contract's option alone, and not by the service's own code."""

from enum import Enum

import grpc

from taxiway.v1.access_pb2 import Access
from tests.e2e.access.contract import Outcome

Code = grpc.StatusCode
SCOPES = frozenset({"users.read", "users.write", "tasks.read", "tasks.write"})


class Who(Enum):
    """The kinds of callers."""

    NOBODY = "nobody"
    USER = "a user"
    OTHER_USER = "another user"
    SCOPED = "a service with the scope"
    OTHERWISE_SCOPED = "a service with all other scopes"
    UNSCOPED = "a service without scopes"
    ADMIN = "an administrator"


class Thing(Enum):
    """What a call is about, as the first user sees it."""

    OWN = "the user's own"
    FOREIGN = "another user's"
    MISSING = "nobody's: it does not exist"


class Expected(Enum):
    """What must become of a call."""

    LET_IN = "let in"
    UNAUTHENTICATED = "refused as nobody"
    PERMISSION_DENIED = "refused for want of the right"


OWNER = {Who.USER: Thing.OWN, Who.OTHER_USER: Thing.FOREIGN}


def scopes_of(who: Who, access: Access) -> frozenset[str]:
    """Of the services in the matrix. Where a method lets in no scope at all, even all of them are not enough."""
    wanted = frozenset({access.scope}) if access.scope else SCOPES
    return {Who.SCOPED: wanted, Who.OTHERWISE_SCOPED: SCOPES - {access.scope}}.get(who, frozenset())


def expected(access: Access, who: Who, thing: Thing) -> Expected:
    """By protos/taxiway/v1/access.proto: denied unless something of it lets the caller in."""
    if access.anonymous:
        return Expected.LET_IN
    if who is Who.NOBODY:
        return Expected.UNAUTHENTICATED
    by_account = who is Who.ADMIN or access.authenticated
    by_scope = access.scope != "" and access.scope in scopes_of(who, access)
    by_owner = access.owner_field != "" and OWNER.get(who) is thing
    return Expected.LET_IN if by_account or by_scope or by_owner else Expected.PERMISSION_DENIED


# What only a use case answers: whoever hears it was let in.
REACHED = {Code.OK, Code.NOT_FOUND, Code.ALREADY_EXISTS, Code.FAILED_PRECONDITION}


def seen(outcome: Outcome, *, refused_for_content: bool) -> Expected | Outcome:
    """What became of a call; the outcome itself where it is none of the three."""
    if outcome.code in REACHED or (refused_for_content and outcome.code is Code.INVALID_ARGUMENT):
        return Expected.LET_IN
    known = {Code.UNAUTHENTICATED: Expected.UNAUTHENTICATED, Code.PERMISSION_DENIED: Expected.PERMISSION_DENIED}
    return known.get(outcome.code, outcome)
