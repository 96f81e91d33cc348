"""Requests into schemas: every violation is named with its path in the proto, none with the value that broke it."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from google.protobuf.message import Message
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service.errors import Violation, invalid

Schema = TypeVar("Schema", bound=BaseModel)
Parsed = TypeVar("Parsed")


def validated(schema: type[Schema], values: Mapping[str, object], request: Message, resource: str = "") -> Schema:
    """The schema of `values`. A field that `request` does not have itself is one of its field `resource`.

    Raises InvalidArgument with at most `limits.VIOLATIONS` violations.
    """
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        violations = [Violation(_path(fault, request, resource), _rule(fault)) for fault in faults]
    raise invalid(violations) from None


def one(field: str, parse: Callable[[str], Parsed], text: str) -> Parsed:
    """A request of a single field, without the detour over a schema. Raises InvalidArgument that names the field."""
    try:
        return parse(text)
    except ValueError as rule:
        raise invalid([Violation(field, str(rule))]) from None


def _path(fault: ErrorDetails, request: Message, resource: str) -> str:
    first, *inside = fault["loc"] or ("",)
    field = str(first)
    if field in request.DESCRIPTOR.fields_by_name:
        return field + "".join(f"[{place}]" for place in inside if isinstance(place, int))
    return f"{resource}.{field}" if resource and field else resource or field


def _rule(fault: ErrorDetails) -> str:
    cause = fault.get("ctx", {}).get("error")
    return str(cause) if isinstance(cause, ValueError) else fault["msg"][:1].lower() + fault["msg"][1:]
