"""Full-text search: what is asked for, and what is found."""

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from persistence.repositories.task_search import Place, SearchQuery
from persistence.unit_of_work import UnitOfWork
from service.identity import Caller
from service.tasks.refusals import parent_not_found
from service.tasks.schemas import Task
from service.tasks.snippets import Snippet, snippets

MOST_FOUND = 1000  # in all pages of a search
_BEGINNING = 3  # letters of the last word from which on it counts as the beginning of one
_SCHEME = re.compile(r"\b[a-z]+://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskSearch:
    """A page of a search, `asked` for one task more than its `size` where there may be more.

    `given` tasks came before it; `scope` is what its tokens are bound to.
    """

    parent: UUID
    size: int
    given: int
    asked: SearchQuery
    scope: bytes


@dataclass(frozen=True, slots=True)
class Found:
    task: Task
    place: Place
    snippets: list[Snippet]


async def search_tasks(uow: UnitOfWork, _caller: Caller, search: TaskSearch) -> list[Found]:
    """One task more than the page holds, where there is more."""
    rows = await uow.task_search.page(search.parent, search.asked)
    if not rows and await uow.users.get(search.parent) is None:
        raise parent_not_found(search.parent)
    tasks = zip(Task.of_all(rows), rows, strict=True)
    return [
        Found(task, Place(row.rank, row.id), snippets(title=row.marked_title, description=row.marked_description))
        for task, row in tasks
    ]


def without_schemes(text: str) -> str:
    """A URL in a task is found by what comes behind `https://`, which is no word there; in a query it would be one."""
    return _SCHEME.sub("", text)


def last_word(text: str) -> str:
    """The last word, where it counts as the beginning of one: it ends in letters or digits, and not in quotes.

    Letters are counted with their marks, which are code points of their own in many scripts.
    """
    word = (text.split() or [""])[-1]
    ending = word[-_BEGINNING:]
    quoted = '"' in word or text.count('"') % 2
    whole = len(ending) == _BEGINNING and all(unicodedata.category(character)[0] in "LMN" for character in ending)
    return word if whole and not quoted else ""
