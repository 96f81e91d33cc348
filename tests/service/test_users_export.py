"""A row of the database as a line of JSON."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.json_format import MessageToDict

from service.users.exporting import ExportedRow
from service.users.personal_messages import line

ID = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11")
NOON = datetime(2026, 1, 1, 12, 0, 0, 250, UTC)


def json(**values: Any) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(line(ExportedRow("tasks", values)))["line"]
    return found


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        ("", ""),
        (0, 0),
        (1 << 53, 1 << 53),
        ((1 << 53) + 1, "9007199254740993"),
        (-(1 << 62), str(-(1 << 62))),
        (0.5, 0.5),
        (ID, str(ID)),
        (NOON, "2026-01-01T12:00:00.000250Z"),
        (NOON.astimezone(timezone(timedelta(hours=2))), "2026-01-01T12:00:00.000250Z"),
        ([], []),
        (["a", ID], ["a", str(ID)]),
        ({}, {}),
        ({"a": {"b": [1, None]}}, {"a": {"b": [1, None]}}),
    ],
)
def test_a_value_is_what_json_has_for_it(value: object, shown: object) -> None:
    assert json(column=value) == {"table": "tasks", "column": shown}


@pytest.mark.parametrize("value", [b"secret", [b"secret"], {"a": b"secret"}, memoryview(b"x"), timedelta(1)])
def test_bytes_never_leave(value: object) -> None:
    with pytest.raises(TypeError, match="no place in an export"):
        json(column=value)
