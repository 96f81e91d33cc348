"""Between taxiway.v1.Tag and its requests, and its values."""

from uuid import UUID

from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel

from service.colors import DEFAULT_COLOR
from service.etags import make_etag
from service.identity import caller
from service.masks import Editable, select
from service.names import UserName, tag_name
from service.pagination import PageSize, PageTokens, fill_page
from service.tasks.tags import TAG_EDITABLE, Listed, Tag, TagDeletion, TagPatch, TagQuery
from service.timestamps import fill
from service.validation import validated
from taxiway.v1 import tag_pb2
from taxiway.v1 import task_service_pb2 as pb

_WRITABLE = Editable(TAG_EDITABLE)


class _List(BaseModel):
    parent: UserName
    page_size: PageSize


def tag(value: Tag) -> tag_pb2.Tag:
    message = tag_pb2.Tag()
    write_tag(value, message)
    return message


def write_tag(value: Tag, message: tag_pb2.Tag) -> None:
    message.name = tag_name(value.owner_id, value.id)
    message.display_name = value.display_name
    message.color = value.color
    message.task_count = value.task_count
    message.version = value.version
    message.etag = make_etag(value.version, value.create_time)
    fill(message.create_time, value.create_time)
    fill(message.update_time, value.update_time)


def nothing(_: None) -> Empty:
    return Empty()


def query(request: pb.ListTagsRequest, tokens: PageTokens) -> TagQuery:
    parsed = validated(_List, {"parent": request.parent, "page_size": request.page_size}, request)
    position = tokens.read_position(_scope(parsed.parent), request.page_token)
    return TagQuery(parent=parsed.parent, size=parsed.page_size, after=position[0] if position else None)


def page(asked: TagQuery, tokens: PageTokens, found: list[Listed]) -> pb.ListTagsResponse:
    response = pb.ListTagsResponse()
    last = fill_page(response.tags, found, asked.size, lambda item, message: write_tag(item.tag, message))
    if last is not None:
        response.next_page_token = tokens.make(_scope(asked.parent), last.key)
    return response


def _scope(parent: UUID) -> bytes:
    return f"ListTags/1/{caller().id}/{parent}".encode()


def patch(request: pb.UpdateTagRequest) -> TagPatch:
    selected = select(request.tag, request.update_mask.paths, _WRITABLE).fields
    fields = {"display_name": request.tag.display_name, "color": request.tag.color or DEFAULT_COLOR}
    named: dict[str, object] = {"name": request.tag.name, "etag": request.tag.etag, "request_id": request.request_id}
    named |= {"validate_only": request.validate_only} | {field: fields[field] for field in selected}
    return validated(TagPatch, named, request, "tag")


def deletion(request: pb.DeleteTagRequest) -> TagDeletion:
    named: dict[str, object] = {"name": request.name, "etag": request.etag, "request_id": request.request_id}
    asked = {"allow_missing": request.allow_missing, "validate_only": request.validate_only}
    return validated(TagDeletion, named | asked, request)
