"""Page tokens fit one scope and one key; pages end before the answer is too large."""

from uuid import UUID

import pytest
from pydantic import TypeAdapter, ValidationError

from service import limits
from service.errors import InvalidPageToken
from service.pagination import PageSize, PageTokens, fill_page
from taxiway.v1.task_pb2 import Task
from taxiway.v1.task_service_pb2 import ListTasksResponse

LAST = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11")
OLD, NEW = bytes(32), bytes(31) + b"\x01"


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (1000, 1000), (1001, 1000), (10**9, 1000)])
def test_a_size_is_brought_into_its_bounds(asked: int, given: int) -> None:
    assert TypeAdapter(PageSize).validate_python(asked) == given


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PageSize).validate_python(-1)


def test_a_token_is_read_in_its_own_scope_only() -> None:
    tokens = PageTokens([OLD])
    token = tokens.make(b"scope", LAST)
    assert tokens.read(b"scope", token) == LAST
    assert tokens.read(b"other", "") is None
    with pytest.raises(InvalidPageToken):
        tokens.read(b"other", token)


def test_tokens_outlive_the_rotation_of_the_key_and_not_its_end() -> None:
    token = PageTokens([OLD]).make(b"scope", LAST)
    assert PageTokens([NEW, OLD]).read(b"scope", token) == LAST
    with pytest.raises(InvalidPageToken):
        PageTokens([NEW]).read(b"scope", token)


@pytest.mark.parametrize("added", ["=", "====", "!", "!!!!", " ", "\n", "A", "\u00e9"])
def test_nothing_may_be_added_to_a_token(added: str) -> None:
    tokens = PageTokens([OLD])
    token = tokens.make(b"scope", LAST)
    for changed in (token + added, added + token, token[:20] + added + token[20:]):
        with pytest.raises(InvalidPageToken):
            tokens.read(b"scope", changed)


def write(description: str, message: Task) -> None:
    message.description = description


def filled(rows: list[str], size: int) -> tuple[ListTasksResponse, str | None]:
    response = ListTasksResponse()
    return response, fill_page(response.tasks, rows, size, write)


def test_a_page_without_a_row_beyond_it_is_the_last() -> None:
    for count in (0, 1, 2):
        response, last = filled(["x"] * count, 2)
        assert (len(response.tasks), last) == (count, None)


def test_a_row_beyond_the_page_makes_another() -> None:
    response, last = filled(["a", "b", "c"], 2)
    assert ([task.description for task in response.tasks], last) == (["a", "b"], "b")


def test_a_page_ends_before_the_answer_is_too_large() -> None:
    rows = [str(n) * (1 << 20) for n in range(1, 5)]
    response, last = filled(rows, 4)
    assert [task.description for task in response.tasks] == rows[:2]
    assert last == rows[1]
    assert response.ByteSize() < limits.ANSWER_BYTES
