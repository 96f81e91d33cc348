"""Violations are named with their path in the proto, and never with the value that broke the rule."""

import pytest

from service.errors import InvalidArgument
from service.tasks.schemas import TaskDraft, TaskTarget
from service.validation import one, validated
from taxiway.v1.task_service_pb2 import CreateTaskRequest, StartTaskRequest

SECRET = "secret-of-a-caller" * 20


def violations(fault: InvalidArgument) -> dict[str, str]:
    return {violation.field: violation.description for violation in fault.violations}


def test_fields_of_the_request_and_of_its_resource_have_their_own_paths() -> None:
    values = {"parent": "x", "task_id": "x", "title": "", "description": "\x00"}
    with pytest.raises(InvalidArgument) as caught:
        validated(TaskDraft, values, CreateTaskRequest(), "task")
    assert set(violations(caught.value)) == {"parent", "task_id", "task.title", "task.description"}


def test_the_message_names_the_first_and_counts_the_others() -> None:
    with pytest.raises(InvalidArgument) as caught:
        validated(TaskTarget, {"name": "x", "request_id": "x", "etag": "x" * 257}, StartTaskRequest())
    assert caught.value.message.endswith("(2 more in the details).")


def test_the_value_that_broke_the_rule_is_not_repeated() -> None:
    values = {"parent": SECRET, "task_id": SECRET, "title": SECRET, "priority": SECRET}
    with pytest.raises(InvalidArgument) as caught:
        validated(TaskDraft, values, CreateTaskRequest(), "task")
    assert len(caught.value.violations) == 4
    assert SECRET not in f"{caught.value.message}{caught.value.violations}"


def test_one_field_is_refused_under_its_name() -> None:
    def parse(text: str) -> int:
        raise ValueError("must be another" if text else "must be given")

    with pytest.raises(InvalidArgument) as caught:
        one("name", parse, SECRET)
    assert violations(caught.value) == {"name": "must be another"}
