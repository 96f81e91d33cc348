"""Between what is kept of a user and the messages of ExportUserData and EraseUser."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from service.users.erasing import Counts
from service.users.exporting import ExportedRow
from taxiway.v1 import user_service_pb2 as pb

_EXACT = 1 << 53  # up to here a JSON number, which is a double, holds every integer


def counts(erased: Counts) -> pb.EraseUserResponse:
    return pb.EraseUserResponse(rows=erased)


def line(row: ExportedRow) -> pb.ExportUserDataResponse:
    response = pb.ExportUserDataResponse()
    response.line.update({"table": row.table} | {name: _json(value) for name, value in row.values.items()})
    return response


def _json(value: object) -> Any:
    """Raises TypeError for what JSON has no form for: bytes among them, which are secrets."""
    match value:
        case None | bool() | str():
            return value
        case int() | float():
            return value if abs(value) <= _EXACT else str(value)
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Mapping():
            return {str(name): _json(held) for name, held in value.items()}
        case list():
            return [_json(held) for held in value]
    raise TypeError(f"a {type(value).__name__} has no place in an export")
