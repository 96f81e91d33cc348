"""Between ListUsers and its requests: the filter, and tokens that fit one list alone."""

from dataclasses import replace

from pydantic import BaseModel

from persistence.paging import PageQuery
from service.filtering import parse_filter
from service.identity import caller
from service.pagination import PageSize, PageTokens, fill_page
from service.users.convert import write_user
from service.users.filter_fields import USERS
from service.users.schemas import UserPage, UserQuery
from service.validation import validated
from taxiway.v1 import user_service_pb2 as pb


class _List(BaseModel):
    page_size: PageSize


def query(request: pb.ListUsersRequest, tokens: PageTokens) -> UserQuery:
    """Raises InvalidFilter, InvalidPageToken, InvalidArgument."""
    size = validated(_List, {"page_size": request.page_size}, request).page_size
    condition, scope = parse_filter(request.filter, USERS), _scope(request)
    asked = PageQuery(size + 1, deleted=request.show_deleted, condition=condition)
    return UserQuery(size, replace(asked, position=tokens.read_position(scope, request.page_token)), scope)


def page(asked: UserQuery, tokens: PageTokens, found: UserPage) -> pb.ListUsersResponse:
    response = pb.ListUsersResponse()
    last = fill_page(response.users, found.users, asked.size, write_user)
    position = found.stopped if last is None else (last.id,)
    if position is not None:
        response.next_page_token = tokens.make(asked.scope, *position)
    return response


def _scope(request: pb.ListUsersRequest) -> bytes:
    return f"ListUsers/2/{caller().id}/{request.show_deleted}/{request.filter}".encode()
