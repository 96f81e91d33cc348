"""Requests into schemas: every violation is named with its path in the proto, none with the value that broke it."""

from collections.abc import Mapping
from typing import TypeVar

from google.protobuf.message import Message
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service import limits
from service.errors import InvalidArgument, Violation

Schema = TypeVar("Schema", bound=BaseModel)


def validated(schema: type[Schema], values: Mapping[str, object], request: Message, resource: str = "") -> Schema:
    """The schema of `values`. A field that `request` does not have itself is one of its field `resource`.

    Raises InvalidArgument with at most `limits.VIOLATIONS` violations.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        violations = [Violation(_path(fault, request, resource), _rule(fault)) for fault in faults]
    raise refusal(violations) from None


def refusal(violations: list[Violation]) -> InvalidArgument:
    """The error for these violations: the first in the message, as many as fit in the details."""
    first, others = violations[0], len(violations) - 1
    more = f" ({others} more in the details)" if others else ""
    return InvalidArgument(f"{first.field} {first.description}{more}.", violations=violations[: limits.VIOLATIONS])


def _path(fault: ErrorDetails, request: Message, resource: str) -> str:
    field = str(fault["loc"][0]) if fault["loc"] else ""
    if field in request.DESCRIPTOR.fields_by_name:
        return field
    return f"{resource}.{field}" if resource and field else resource or field


def _rule(fault: ErrorDetails) -> str:
    cause = fault.get("ctx", {}).get("error")
    return str(cause) if isinstance(cause, ValueError) else fault["msg"][:1].lower() + fault["msg"][1:]
