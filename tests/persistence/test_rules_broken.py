"""Each check finds what breaks its rule: in the metadata, and in the catalogue once the table is made."""

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.persistence.rules import broken, broken_keys, broken_names, broken_values, from_catalogue, from_metadata
from tests.persistence.rules.broken import LIVING, Build, Rule, choice, deletion, jsonb, number, owned, reference, text
from tests.persistence.rules.indexes import r8_indexes
from tests.persistence.rules.keys import r1_keys, r4_foreign_keys, r9_unique_among_the_living
from tests.persistence.rules.models import r14_no_functions
from tests.persistence.rules.names import r2_names, r10_names_comments_and_order
from tests.persistence.rules.schema import Schema
from tests.persistence.rules.values import r3_what_every_row_carries, r6_bounds, r7_sets_lists_and_free_data

CASES = [
    pytest.param(rule, build, sentence, id=f"{rule.__name__}-{sentence}")
    for cases in (broken_keys.CASES, broken_values.CASES, broken_names.CASES)
    for rule, listed in cases.items()
    for build, sentence in listed
]
IS_OBJECT = "jsonb_typeof(data) = 'object'"


@pytest.mark.parametrize(("rule", "build", "sentence"), CASES)
async def test_a_broken_table_is_found(
    shared_connection: AsyncConnection, rule: Rule, build: Build, sentence: str
) -> None:
    metadata = broken.metadata()
    build(metadata)
    assert any(found.startswith(sentence) for found in rule(from_metadata.read(metadata)))
    assert any(found.startswith(sentence) for found in rule(await in_scratch_schema(shared_connection, metadata)))


async def in_scratch_schema(connection: AsyncConnection, metadata: sa.MetaData) -> Schema:
    """Made beside the real tables, read, and rolled back."""
    await connection.execute(sa.text("CREATE SCHEMA scratch"))
    await connection.execute(sa.text("SET LOCAL search_path = scratch"))
    await connection.run_sync(metadata.create_all)
    tables = metadata.tables.values()
    declared = {(table.name, column.name) for table in tables for column in table.c if column.info.get("filterable")}
    schema = await from_catalogue.read(connection, declared)
    await connection.rollback()
    return schema


def with_deletion(into: sa.MetaData) -> None:
    owned(text("title"), *deletion(), sa.Index(None, "owner_id", "id", postgresql_where=LIVING))(into)


def with_values(into: sa.MetaData) -> None:
    owned(number("size", "size BETWEEN 0 AND 9"), jsonb("data", IS_OBJECT), choice(native=True))(into)


def with_filter(into: sa.MetaData) -> None:
    index = sa.Index(None, "data", postgresql_using="gin")
    owned(jsonb("data", IS_OBJECT, filterable=True), index)(into)


def with_reference_that_may_be_missing(into: sa.MetaData) -> None:
    where = sa.text("made_of IS NOT NULL")
    index = sa.Index(None, "made_of", postgresql_where=where)
    owned(sa.Column("made_of", sa.Uuid(), comment="-"), reference("made_of", to="things"), index)(into)


KEYS = (r1_keys, r4_foreign_keys, r9_unique_among_the_living)
NAMES_AND_VALUES = (r2_names, r10_names_comments_and_order, r6_bounds, r7_sets_lists_and_free_data)


@pytest.mark.parametrize("rule", [*KEYS, *NAMES_AND_VALUES])
@pytest.mark.parametrize("build", [with_deletion, with_values, with_filter, with_reference_that_may_be_missing])
async def test_a_sound_table_is_not_accused(shared_connection: AsyncConnection, rule: Rule, build: Build) -> None:
    metadata = broken.metadata()
    build(metadata)
    assert list(rule(from_metadata.read(metadata))) == []
    assert list(rule(await in_scratch_schema(shared_connection, metadata))) == []


@pytest.mark.parametrize(
    ("rule", "change", "sentence"),
    [
        (r3_what_every_row_carries, "DROP TRIGGER bump_version ON tasks", "tasks has no trigger that counts versions"),
        (r3_what_every_row_carries, "ALTER TABLE users DISABLE TRIGGER bump_version", "users has no trigger"),
        (r14_no_functions, "CREATE FUNCTION due() RETURNS int LANGUAGE sql RETURN 1", "function due keeps a rule"),
    ],
)
async def test_what_the_metadata_does_not_know_is_found_in_the_catalogue(
    shared_connection: AsyncConnection, rule: Rule, change: str, sentence: str
) -> None:
    assert list(rule(await from_catalogue.read(shared_connection))) == []
    await shared_connection.execute(sa.text(change))
    assert any(found.startswith(sentence) for found in rule(await from_catalogue.read(shared_connection)))


async def test_indexes_that_differ_in_an_expression_are_two(shared_connection: AsyncConnection) -> None:
    metadata, title = broken.metadata(), sa.column("title", sa.Text())
    functions = {"lower": sa.func.lower(title), "md5": sa.func.md5(title)}
    indexes = [sa.Index(f"ix_parts_owner_id_{name}", "owner_id", function) for name, function in functions.items()]
    owned(text("title"), *indexes)(metadata)
    assert list(r8_indexes(from_metadata.read(metadata))) == []
    assert list(r8_indexes(await in_scratch_schema(shared_connection, metadata))) == []
