"""Filters read for a test: the conditions of one, or what it is refused with."""

from uuid import UUID

import pytest

from persistence.conditions import Condition
from service.errors import InvalidFilter
from service.filtering import Fields, parse_filter
from service.tasks.filter_fields import TASKS

OWNER = UUID("018f5b0a-0000-7000-8000-000000000001")
OTHER = UUID("018f5b0a-0000-7000-8000-000000000002")


def read(text: str, fields: Fields = TASKS) -> Condition:
    condition = parse_filter(text, fields)
    assert condition is not None
    return condition


def refused(text: str, fields: Fields = TASKS) -> str:
    """What the one violation of the filter says, which the error says everywhere alike."""
    with pytest.raises(InvalidFilter) as caught:
        parse_filter(text, fields)
    (violation,) = caught.value.violations
    assert violation.field == "filter"
    assert caught.value.message.rstrip(".") == f"filter {violation.description}"
    assert violation.description.startswith(f"at position {caught.value.metadata['position']}: ")
    return violation.description.removeprefix("at position ")


def is_read(text: str, fields: Fields = TASKS) -> bool:
    """Whether it is a filter; anything but InvalidFilter comes through."""
    try:
        parse_filter(text, fields)
    except InvalidFilter:
        return False
    return True
