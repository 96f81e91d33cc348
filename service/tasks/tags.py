"""Tags of an owner: listed, written otherwise, and deleted; with them the tasks that have them."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import Field

from persistence.errors import UniqueViolation
from persistence.unit_of_work import UnitOfWork
from service.colors import DEFAULT_COLOR, Color
from service.errors import AlreadyExists, EtagMismatch, NotFound, ResourceRef
from service.etags import parse_etag
from service.fields import Command, Etag, Resource, Value, tag_key
from service.identity import Caller
from service.names import TAG_TYPE, TagId, TagName, tag_name
from service.tasks.refusals import owner_deleted, parent_not_found
from service.tasks.tag_fields import DisplayName

TAG_EDITABLE = frozenset({"display_name", "color"})


class Tag(Resource):
    """A tag as it is kept; `task_count` is of living tasks."""

    owner_id: UUID
    id: UUID
    display_name: str
    color: str
    task_count: int
    create_time: datetime = Field(validation_alias="created_at")
    update_time: datetime = Field(validation_alias="updated_at")
    version: int


class Listed(NamedTuple):
    """A tag, and what a list of them is in the order of."""

    key: str
    tag: Tag


class TagPatch(Command):
    """What an update writes: of the editable fields those that are set."""

    name: TagName
    etag: Etag = ""
    display_name: DisplayName = ""
    color: Color = DEFAULT_COLOR

    def columns(self) -> dict[str, object]:
        written = {field: getattr(self, field) for field in sorted(TAG_EDITABLE & self.model_fields_set)}
        return written | ({"key": tag_key(self.display_name)} if "display_name" in written else {})


class TagDeletion(Command):
    name: TagName
    etag: Etag = ""
    allow_missing: bool = False


class TagQuery(Value):
    """One page of an owner's tags, behind the key `after`."""

    parent: UUID
    size: int
    after: str | None


async def list_tags(uow: UnitOfWork, _caller: Caller, query: TagQuery) -> list[Listed]:
    """One tag more than the page holds, where there is more."""
    rows = await uow.tags.page(query.parent, query.after, query.size + 1)
    if not rows and await uow.users.get(query.parent) is None:
        raise parent_not_found(query.parent)
    return [Listed(row.key, tag) for row, tag in zip(rows, Tag.of_all(rows), strict=True)]


async def update_tag(uow: UnitOfWork, caller: Caller, patch: TagPatch) -> Tag:
    """A tag of another key is another word in every task that has it."""
    before = await _held(uow, patch.name, patch.etag)
    try:
        row = await uow.tags.change(patch.name, caller.id, patch.columns())
    except UniqueViolation:
        raise _taken(patch.name) from None
    if row.key == before.key:
        return Tag.of(row)
    await uow.tagged_tasks.rename(row.owner_id, before.key, row.key, caller.id)
    return Tag.of(await uow.tags.get(patch.name))


async def delete_tag(uow: UnitOfWork, caller: Caller, deletion: TagDeletion) -> None:
    try:
        tag = await _held(uow, deletion.name, deletion.etag)
    except NotFound:
        if deletion.allow_missing:
            return
        raise
    await uow.tagged_tasks.remove(tag.owner_id, tag.key, caller.id)
    await uow.tags.delete(deletion.name)


async def _held(uow: UnitOfWork, key: TagId, etag: str) -> Any:
    """The row of the tag, which nobody else writes or gives to a task before this transaction ends.

    Raises NotFound, OwnerDeleted, EtagMismatch.
    """
    row = await uow.tags.get_locked(key)
    if row is None:
        raise NotFound("There is no such tag.", resource=_ref(key))
    if row.owner_deleted_at is not None:
        raise owner_deleted(key.owner_id)
    version = parse_etag(etag)
    if version is not None and version != (row.version, row.created_at):
        message = "The tag changed since it was read; read it again and repeat the change with its new etag."
        raise EtagMismatch(message, resource=_ref(key))
    return row


def _ref(key: TagId) -> ResourceRef:
    return ResourceRef(TAG_TYPE, tag_name(*key))


def _taken(key: TagId) -> AlreadyExists:
    message = "The owner has another tag of this name (compared without case); choose another name."
    return AlreadyExists(message, resource=_ref(key))
