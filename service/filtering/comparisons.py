"""One comparison of a filter, checked against the field that it names."""

from collections.abc import Mapping
from types import MappingProxyType

from persistence.conditions import Condition, Operator
from service.errors import InvalidFilter
from service.filtering import json_values
from service.filtering.faults import fault, listed
from service.filtering.fields import Fields
from service.filtering.kinds import ORDER, Field, Struct
from service.filtering.lexer import Argument, Token

_COMPARING: Mapping[str, Operator] = MappingProxyType({operator: operator for operator in ORDER})


def comparison(fields: Fields, name: Token, operator: Token, argument: Argument) -> Condition:
    """What `name operator argument` asks of a row. Raises InvalidFilter at the part that does not fit."""
    field, comparing = fields.find(name), _COMPARING.get(operator.text)
    try:
        if isinstance(field, Struct):
            condition = _of_struct(field, name.path[1:], comparing, argument)
        else:
            condition = _of_field(field, name, comparing, argument)
    except ValueError as rule:
        raise fault(argument.position, str(rule)) from None
    if condition is None:
        raise _misfit(field, name, operator)
    return condition


def takes(field: Field | Struct) -> tuple[str, ...]:
    """The operators of a field; `:*` where its colon asks for presence alone."""
    if isinstance(field, Struct):
        return (":",)
    return (*field.operators, ":" if field.has else ":*")


def _of_struct(
    struct: Struct, keys: tuple[str, ...], comparing: Operator | None, argument: Argument
) -> Condition | None:
    """None where the operator does not fit."""
    path = json_values.stored(keys)
    if comparing is None:
        return json_values.has(struct, path, argument)
    return json_values.compare(struct, path, comparing, argument) if path else None


def _of_field(field: Field, name: Token, comparing: Operator | None, argument: Argument) -> Condition | None:
    """None where the operator does not fit."""
    if comparing is None:
        return field.present if argument.anything else field.has and field.has(argument)
    if field.compare is None or comparing not in field.operators:
        return None
    if argument.text == "null" and not argument.quoted:
        raise ValueError(f"nothing equals null: `-{name.text}:*` asks for what is unset")
    return field.compare(comparing, argument)


def _misfit(field: Field | Struct, name: Token, operator: Token) -> InvalidFilter:
    if isinstance(field, Struct):
        text = (
            f'`{name.text}` itself takes `:` alone, as in `{name.text}:"key"`; `{name.text}.key` takes the others too'
        )
        return fault(operator.position, text)
    known = takes(field)
    example = f' alone, as in `{name.text}:"word"`' if known == (":",) else ""
    found = "`:` with a value" if operator.text == ":" else f"`{operator.text}`"
    return fault(operator.position, f"`{name.text}` takes {listed(known)}{example}, and not {found}")
