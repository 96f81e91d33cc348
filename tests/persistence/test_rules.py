"""The rules of the database hold in the metadata and in the live catalogue (database.md, R1 to R10 and R14)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import configure_mappers

from persistence import models
from persistence.models import Base
from tests.persistence.rules import from_catalogue, from_metadata
from tests.persistence.rules.indexes import r8_indexes
from tests.persistence.rules.keys import r1_keys, r4_foreign_keys, r9_unique_among_the_living
from tests.persistence.rules.models import (
    r2_class_names,
    r3_mixins,
    r5_relations,
    r14_no_functions,
    r14_no_logic,
    sources,
)
from tests.persistence.rules.names import r2_names, r10_names_comments_and_order
from tests.persistence.rules.schema import Schema
from tests.persistence.rules.values import r3_what_every_row_carries, r6_bounds, r7_sets_lists_and_free_data

Rule = Callable[[Schema], Iterator[str]]
RULES: list[Rule] = [
    r1_keys,
    r2_names,
    r3_what_every_row_carries,
    r4_foreign_keys,
    r6_bounds,
    r7_sets_lists_and_free_data,
    r8_indexes,
    r9_unique_among_the_living,
    r10_names_comments_and_order,
    r14_no_functions,
]
TABLES = {
    "access_changes",
    "api_keys",
    "audit_log",
    "credentials",
    "owner_positions",
    "password_resets",
    "projects",
    "requests",
    "schema_compatibility",
    "sessions",
    "sign_in_attempts",
    "signing_keys",
    "tags",
    "tasks",
    "users",
}


@pytest.mark.parametrize("rule", RULES)
def test_the_metadata_follows(rule: Rule) -> None:
    schema = from_metadata.read(Base.metadata)
    assert schema.tables.keys() == TABLES
    assert list(rule(schema)) == []


@pytest.mark.parametrize("rule", RULES)
async def test_the_catalogue_follows(rule: Rule, shared_connection: AsyncConnection) -> None:
    tables = Base.metadata.tables.values()
    declared = {(table.name, column.name) for table in tables for column in table.c if column.info.get("filterable")}
    schema = await from_catalogue.read(shared_connection, declared)
    assert schema.tables.keys() == TABLES
    assert list(rule(schema)) == []


@pytest.mark.parametrize("rule", [r2_class_names, r3_mixins, r5_relations])
def test_the_classes_follow(rule: Callable[..., Iterator[str]]) -> None:
    """Relations, classes and mixins exist in Python alone: no catalogue knows of them."""
    configure_mappers()
    assert {str(mapper.local_table) for mapper in Base.registry.mappers} == TABLES
    assert list(rule(Base.registry)) == []


def test_the_models_hold_no_logic() -> None:
    read = sources(Path(models.__file__).parent)
    assert {"base.py", "users.py", "tasks.py", "task_order.py"} <= read.keys()
    assert list(r14_no_logic(read)) == []
