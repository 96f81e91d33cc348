"""Who may call a method and write a field, as the contract declares it (protos/taxiway/v1/access.proto)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from google.protobuf.descriptor import MethodDescriptor

from persistence.types import ACCESS_SCOPES
from service.errors import StartupError
from taxiway.v1 import access_pb2
from taxiway.v1.access_pb2 import Access

Descriptor = Any  # typed as the implementation of a descriptor


def declared(method: MethodDescriptor) -> Access | None:
    """The method's option `(taxiway.v1.access)`; None where it has none."""
    options = method.GetOptions()
    return options.Extensions[access_pb2.access] if options.HasExtension(access_pb2.access) else None


def checked(access: Access | None, method: str, request: Descriptor) -> Access:
    """Raises StartupError for a method that says nothing, or what contradicts itself: denied by default."""
    if access is None:
        raise StartupError(f"{method} has no option (taxiway.v1.access): nobody knows who may call it.")
    if access.scope and access.scope not in ACCESS_SCOPES:
        raise StartupError(f"{method} asks for the scope {access.scope}, which nobody can have.")
    if access.owner_field and not _is_text(request, access.owner_field):
        raise StartupError(f"{method} names {access.owner_field} as its owner field, which is no text of its request.")
    if access.across_owners and not access.owner_field:
        raise StartupError(f"{method} goes across owners and names no field of theirs.")
    if (access.anonymous or access.authenticated) and (access.scope or access.owner_field or access.across_owners):
        raise StartupError(f"{method} is open to all, and asks for a scope or an owner: one of them cannot hold.")
    return access


def _is_text(message: Descriptor, path: str) -> bool:
    first, _, rest = path.partition(".")
    field = message.fields_by_name.get(first)
    if field is None or (rest and field.message_type is None):
        return False
    return _is_text(field.message_type, rest) if rest else field.type == field.TYPE_STRING


@lru_cache(maxsize=64)
def restricted(message: Descriptor) -> frozenset[str]:
    """The fields of a resource that only an ADMIN writes: those with `(taxiway.v1.administrators_only)`."""
    marked = access_pb2.administrators_only
    return frozenset(field.name for field in message.fields if field.GetOptions().Extensions[marked])
