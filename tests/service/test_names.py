"""Resource names: made and parsed in one form, `me` standing for the caller."""

from uuid import UUID

import pytest

from service.identity import Caller, set_caller
from service.names import TaskId, parse_task, parse_user, task_name, user_name

OWNER, TASK = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11"), UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a12")
CALLER = Caller(UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a13"))


@pytest.fixture(autouse=True)
def _called() -> None:
    set_caller(CALLER)


def test_a_name_that_was_made_is_parsed_to_what_it_was_made_of() -> None:
    assert parse_user(user_name(OWNER)) == OWNER
    assert parse_task(task_name(OWNER, TASK)) == TaskId(OWNER, TASK)


def test_me_is_the_caller_as_a_user_and_as_an_owner() -> None:
    assert parse_user("users/me") == CALLER.id
    assert parse_task(f"users/me/tasks/{TASK}").owner_id == CALLER.id


@pytest.mark.parametrize(
    "name", ["", "users", "users/", "users/ME", "me", f"users/{OWNER}/", f"user/{OWNER}", "users/-"]
)
def test_what_is_no_user_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ValueError, match=r"must have the form users/\{user\}"):
        parse_user(name)


@pytest.mark.parametrize("name", ["", f"users/{OWNER}", f"users/{OWNER}/tasks/me", f"users/{OWNER}/tasks/{TASK}/x"])
def test_what_is_no_task_name_is_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ValueError, match=r"must have the form users/\{user\}/tasks/\{task\}"):
        parse_task(name)
