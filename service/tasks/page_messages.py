"""Between the lists of tasks and their requests: filter, order, and tokens that fit one list alone."""

from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel

from persistence.ordering import Order
from persistence.paging import PageQuery, Position
from service.errors import Violation, invalid
from service.fields import field_of
from service.filtering import parse_filter
from service.identity import caller
from service.names import Owners
from service.ordering import parse_order
from service.pagination import PageSize, PageTokens, fill_page
from service.tasks.convert import write_task
from service.tasks.filter_fields import TASKS, TASKS_ACROSS_OWNERS
from service.tasks.schemas import Task, TaskPage, TaskQuery
from service.validation import validated
from taxiway.v1 import task_service_pb2 as pb

ORDER_FIELDS = ("create_time", "update_time", "due_time", "priority", "title")


class _List(BaseModel):
    parent: Owners
    page_size: PageSize


def query(request: pb.ListTasksRequest, tokens: PageTokens) -> TaskQuery:
    parsed = validated(_List, {"parent": request.parent, "page_size": request.page_size}, request)
    asked = PageQuery(
        limit=parsed.page_size + 1,
        order=_order(request.order_by, parsed.parent),
        position=None,
        deleted=request.show_deleted,
        condition=parse_filter(request.filter, TASKS_ACROSS_OWNERS if parsed.parent is None else TASKS),
    )
    scope = _scope(parsed.parent, request, asked.order)
    return TaskQuery(
        parsed.parent, parsed.page_size, replace(asked, position=tokens.read_position(scope, request.page_token)), scope
    )


def _order(text: str, parent: UUID | None) -> Order:
    if parent is None and text.strip():
        raise invalid([Violation("order_by", "must be empty for `users/-`, whose tasks are in the order of their ids")])
    return parse_order(text, ORDER_FIELDS)


def page(asked: TaskQuery, tokens: PageTokens, found: TaskPage) -> pb.ListTasksResponse:
    response = pb.ListTasksResponse()
    last = fill_page(response.tasks, found.tasks, asked.size, write_task)
    position = found.stopped if last is None else _position(last, asked)
    if position is not None:
        response.next_page_token = tokens.make(asked.scope, *position)
    return response


def _position(last: Task, asked: TaskQuery) -> Position:
    values = tuple(getattr(last, field_of(key.column)) for key in asked.asked.order.keys)
    return (*values, last.id, last.owner_id) if asked.parent is None else (*values, last.id)


def _scope(parent: UUID | None, request: pb.ListTasksRequest, order: Order) -> bytes:
    keys = ",".join(f"{key.column} {key.descending}" for key in order.keys)
    return f"ListTasks/2/{caller().id}/{parent}/{request.show_deleted}/{keys}/{request.filter}".encode()
