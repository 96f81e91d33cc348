"""Descriptor, schema and table of each resource differ as `service.fields.COLUMN_OF` says, and in nothing else."""

import re
import types
from datetime import datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest

# googleapis-common-protos ships no types; `unused-ignore` stands for configurations that know this already.
from google.api import field_behavior_pb2  # type: ignore[import-untyped, unused-ignore]
from google.protobuf.descriptor import FieldDescriptor
from pydantic import AfterValidator, BaseModel, ValidationError
from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, Column, DateTime, LargeBinary, Text, Uuid
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB

from persistence.models import base as models
from service import fields
from service.fields import COLUMN_OF, BoundedText
from service.users import schemas as users
from tests.service.contracts import CONTRACTS, FROM_VERSION_AND_KEY, TABLES, Contract

each = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.message.name)
each_written = pytest.mark.parametrize(
    "contract", [contract for contract in CONTRACTS if contract.draft], ids=lambda contract: contract.message.name
)


def differences(contract: Contract, message: set[str], schema: set[str], columns: set[str]) -> set[str]:
    """Fields and columns that have no counterpart on the other side."""
    named = {contract.spoken.get(name, name) for name in message - FROM_VERSION_AND_KEY}
    unpaired = named ^ (schema - contract.key)
    kept = {contract.column(name) for name in schema - contract.computed}
    return unpaired | (kept ^ (columns - contract.unshown))


def sides(contract: Contract) -> tuple[set[str], set[str], set[str]]:
    return set(contract.message.fields_by_name), set(contract.schema.model_fields), set(contract.table.columns.keys())


@each
def test_message_schema_and_table_have_the_same_fields(contract: Contract) -> None:
    assert not differences(contract, *sides(contract))
    assert (set(contract.message.fields_by_name) & FROM_VERSION_AND_KEY) == (
        FROM_VERSION_AND_KEY if "version" in contract.schema.model_fields else {"name"}
    )
    assert contract.key | contract.unshown <= set(contract.table.columns.keys())


@each
@pytest.mark.parametrize("side", [0, 1, 2], ids=["message", "schema", "table"])
def test_a_field_that_only_one_side_has_or_lacks_is_found(contract: Contract, side: int) -> None:
    """The negative control: every field is taken away, and one is added, on each side in turn."""
    for name in sides(contract)[side] - FROM_VERSION_AND_KEY - contract.unshown:
        lacking = sides(contract)
        lacking[side].discard(name)
        assert differences(contract, *lacking), name
    having = sides(contract)
    having[side].add("colour")
    assert differences(contract, *having)


def test_the_table_of_names_has_no_entry_that_says_nothing() -> None:
    used = {name for contract in CONTRACTS for name in contract.schema.model_fields}
    own = {name: column for contract in CONTRACTS for name, column in {**contract.spoken, **contract.kept}.items()}
    assert used >= set(COLUMN_OF)
    assert not [name for name, column in (COLUMN_OF | own).items() if name == column]


@each
def test_a_schema_reads_each_field_off_the_column_of_the_table_of_names(contract: Contract) -> None:
    aliases = {name: info.validation_alias or name for name, info in contract.schema.model_fields.items()}
    assert aliases == {name: contract.column(name) for name in contract.schema.model_fields}


REFERENCES = {"creator", "updater", "actor", "subject", "object_id", "project", "parent_task"}


class Kind(Enum):
    """What a field holds, whatever each side calls it."""

    TEXT = "text"
    TIME = "time"
    NUMBER = "number"
    MAP = "map"
    REFERENCE = "reference"
    LIST = "list"
    FLAG = "flag"


def kind_of_field(field: FieldDescriptor) -> Kind | tuple[str, ...]:
    if field.enum_type is not None:
        return tuple(value.name for value in field.enum_type.values if value.number)
    if field.message_type is not None:
        free = field.message_type.GetOptions().map_entry or field.message_type.name == "Struct"
        return Kind.MAP if free else Kind.TIME
    if field.is_repeated:
        return Kind.LIST
    if field.type in (field.TYPE_INT64, field.TYPE_INT32):
        return Kind.NUMBER
    if field.type == field.TYPE_BOOL:
        return Kind.FLAG
    return Kind.REFERENCE if field.name in REFERENCES else Kind.TEXT


def kind_of_annotation(annotation: Any) -> Kind | tuple[str, ...]:
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = (part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    kinds = {str: Kind.TEXT, datetime: Kind.TIME, int: Kind.NUMBER, UUID: Kind.REFERENCE, bool: Kind.FLAG}
    collections = {dict: Kind.MAP, list: Kind.LIST, tuple: Kind.LIST}
    return collections[get_origin(annotation)] if get_origin(annotation) in collections else kinds[annotation]


def kind_of_column(column: Column[Any]) -> Kind | tuple[str, ...]:
    if isinstance(column.type, EnumType):
        return tuple(column.type.enums)
    kinds = {Text: Kind.TEXT, DateTime: Kind.TIME, BigInteger: Kind.NUMBER, Uuid: Kind.REFERENCE, JSONB: Kind.MAP}
    kinds |= {ARRAY: Kind.LIST, Boolean: Kind.FLAG, LargeBinary: Kind.TEXT}  # the last is text that is sealed
    return next(kind for of, kind in kinds.items() if isinstance(column.type, of))


@each
def test_each_field_is_of_one_kind_on_all_three_sides(contract: Contract) -> None:
    """Enums have the same values in the same order, the unspecified one left out; what is only read may be a `str`."""
    for name, read in contract.shown().items():
        if name in contract.computed:
            continue
        message = kind_of_field(contract.message.fields_by_name[name])
        schema = kind_of_annotation(contract.schema.model_fields[read].annotation)
        column = kind_of_column(contract.table.columns[contract.column(read)])
        assert message == column, name
        assert schema == column or (schema is Kind.TEXT and isinstance(column, tuple) and not contract.editable), name


@each
def test_what_may_be_unset_is_so_in_schema_and_table(contract: Contract) -> None:
    for name, info in contract.schema.model_fields.items():
        if name in contract.computed:
            continue
        nullable = type(None) in get_args(info.annotation)
        assert contract.table.columns[contract.column(name)].nullable == nullable, name


@each
def test_what_callers_may_write_is_what_the_contract_does_not_keep_to_itself(contract: Contract) -> None:
    kept = {field_behavior_pb2.OUTPUT_ONLY, field_behavior_pb2.IDENTIFIER}
    extension = field_behavior_pb2.field_behavior
    writable = {f.name for f in contract.message.fields if not kept & set(f.GetOptions().Extensions[extension])}
    assert contract.editable == writable - {"etag"}
    assert contract.editable <= set(contract.draft.model_fields if contract.draft else ())


def check_of(column: Column[Any]) -> tuple[int, int]:
    """The bounds of the column's length, as its CHECK says them."""
    form = rf"char_length\({column.name}\) BETWEEN (\d+) AND (\d+)"
    checks = [c for c in column.constraints if isinstance(c, CheckConstraint)]
    (match,) = (found for check in checks if (found := re.fullmatch(form, str(check.sqltext))))
    return int(match[1]), int(match[2])


def bounds_of(schema: type[BaseModel], name: str) -> tuple[int, int]:
    validators = [each.func for each in schema.model_fields[name].metadata if isinstance(each, AfterValidator)]
    (bound,) = (validator for validator in validators if isinstance(validator, BoundedText))
    return bound.shortest, bound.longest


@each_written
def test_the_lengths_of_the_schema_are_those_of_the_table(contract: Contract) -> None:
    columns = {name: contract.table.columns[contract.column(name)] for name in contract.editable - {"email", "color"}}
    texts = {name: column for name, column in columns.items() if isinstance(column.type, Text)}
    assert texts
    for name, column in texts.items():
        assert contract.draft is not None
        assert bounds_of(contract.draft, name) == check_of(column), name


@pytest.mark.parametrize("length", [2, 3, 254, 255])
def test_the_length_of_an_email_is_that_of_the_table(length: int) -> None:
    """Its rule stands inside a validator with others: it shows by what it takes."""
    shortest, longest = check_of(TABLES["users"].columns["email"])
    email = "a@" + "b" * (length - 2) if length > 2 else "a@"
    taken = True
    try:
        users.UserDraft(username="a", email=email)
    except ValidationError:
        taken = False
    assert taken == (shortest <= length <= longest)


@pytest.mark.parametrize("name", ["email", "username"])
def test_a_key_without_case_fits_wherever_its_text_does(name: str) -> None:
    columns = TABLES["users"].columns
    shortest, longest = check_of(columns[name])
    key_shortest, key_longest = check_of(columns[f"{name}_key"])
    assert key_shortest <= shortest
    assert longest <= key_longest


def test_the_range_of_times_in_the_schema_is_that_of_the_table() -> None:
    assert datetime.fromisoformat(models.EARLIEST) == fields.EARLIEST
    assert datetime.fromisoformat(models.LATEST) == fields.LATEST
