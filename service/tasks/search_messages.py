"""Between SearchTasks and its schemas: the query, and tokens that fit one search alone."""

import json
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel

from persistence.repositories.task_search import Place, SearchQuery
from service import limits
from service.fields import BoundedText
from service.filtering import parse_filter
from service.identity import caller
from service.names import UserName
from service.pagination import PageSize, PageTokens, fill_page
from service.tasks.convert import write_task
from service.tasks.filter_fields import TASKS
from service.tasks.searching import MOST_FOUND, Found, TaskSearch, last_word, without_schemes
from service.validation import validated
from taxiway.v1 import task_service_pb2 as pb


class _Search(BaseModel):
    parent: UserName
    page_size: PageSize
    query: Annotated[str, AfterValidator(BoundedText(1, 200))]


def search(request: pb.SearchTasksRequest, tokens: PageTokens) -> TaskSearch:
    fields = {"parent": request.parent, "page_size": request.page_size, "query": request.query}
    parsed = validated(_Search, fields, request)
    condition = parse_filter(request.filter, TASKS)
    scope = _scope(parsed.parent, parsed.query, request.filter)
    given, *place = tokens.read_position(scope, request.page_token) or (0,)
    text = without_schemes(parsed.query)
    asked = SearchQuery(
        text=text,
        last_word=last_word(text),
        limit=min(parsed.page_size + 1, MOST_FOUND - given),
        size=limits.ANSWER_BYTES,
        after=Place(*place) if place else None,
        condition=condition,
    )
    return TaskSearch(parsed.parent, parsed.page_size, given, asked, scope)


def results(asked: TaskSearch, tokens: PageTokens, found: list[Found]) -> pb.SearchTasksResponse:
    response = pb.SearchTasksResponse()
    last = fill_page(response.results, found, asked.size, _write)
    if last is not None:
        given = asked.given + len(response.results)
        response.next_page_token = tokens.make(asked.scope, given, *last.place)
    return response


def _write(found: Found, message: pb.SearchResult) -> None:
    write_task(found.task, message.task)
    for snippet in found.snippets:
        piece = message.snippets.add(field=snippet.field, text=snippet.text)
        for start, end in snippet.hits:
            piece.hits.add(start=start, end=end)


def _scope(parent: UUID, query: str, condition: str) -> bytes:
    return json.dumps(["SearchTasks/1", str(caller().id), str(parent), query, condition]).encode()
