"""Why a guarded statement found no row: the same questions for every resource, in the same order."""

from typing import Any

from persistence.repositories.base import Guard
from service.errors import EtagMismatch, NotDeleted, NotFound, ResourceDeleted, ResourceRef, ServiceError


def why_not(row: Any, guard: Guard, resource: ResourceRef, noun: str) -> ServiceError | None:
    """What the guard found amiss with the row, which has `purge_due` beside its columns; `noun` is `task`, say.

    None where nothing of this kind is: the resource has rules of its own, or the row changed meanwhile.
    """
    restores = f"Undelete{noun.title()} restores it until its purge_time"
    if (row.deleted_at is not None) != guard.deleted:
        if guard.deleted:
            return NotDeleted(f"The {noun} is not deleted.", resource=resource)
        return ResourceDeleted(f"The {noun} is deleted; {restores}.", resource=resource)
    if guard.version is not None and (row.version, row.created_at) != guard.version:
        message = f"The {noun} changed since it was read; read it again and repeat the change with its new etag."
        return EtagMismatch(message, resource=resource)
    if guard.deleted and row.purge_due:
        return NotFound(f"The {noun} is past its purge_time and cannot be restored.", resource=resource)
    return None
