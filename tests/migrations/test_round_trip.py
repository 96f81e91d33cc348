"""The history of the schema leads forth and back, online and as SQL, and ends where the models are."""

import re
from typing import Any

from sqlalchemy import text

from migrations import commands, head
from persistence import engine
from persistence.models import Base
from persistence.url import parse
from tests.conftest import Databases
from tests.migrations import catalogue


async def schema_of(url: str) -> catalogue.Catalogue:
    single = engine.single(parse(url))
    async with single.connect() as connection:
        found = await catalogue.read(connection)
    await single.dispose()
    return found


async def apply(url: str, script: str) -> None:
    """As psql does: one statement after the other, with the script's own BEGIN and COMMIT, past SQLAlchemy's."""
    single = engine.single(parse(url))
    async with single.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for statement in statements(script):
            await driver.execute(statement)
    await single.dispose()


def statements(script: str) -> list[str]:
    """Alembic leaves an empty line behind each one, and comments before them."""
    plain = "".join(line for line in script.splitlines(keepends=True) if not line.startswith("--"))
    return [part.strip() for part in plain.split(";\n\n") if part.strip()]


def outside_of_transactions(script: str) -> list[str]:
    found, inside = [], False
    for statement in statements(script):
        inside |= statement == "BEGIN"
        if not inside:
            found.append(statement)
        inside &= statement != "COMMIT"
    return found


async def test_upgrade_then_downgrade_leaves_nothing_and_upgrade_restores_all(empty_database_url: str) -> None:
    await commands.upgrade(empty_database_url)
    first = await schema_of(empty_database_url)
    await commands.downgrade(empty_database_url, "base")
    assert not any((await schema_of(empty_database_url)).values())
    await commands.upgrade(empty_database_url)
    assert await schema_of(empty_database_url) == first
    assert all(first.values()), "the comparison looks at something of each kind"


async def test_the_sql_text_makes_the_same_schema_as_the_upgrade(databases: Databases, database_url: str) -> None:
    async with databases() as by_script:
        await apply(by_script, commands.sql())
        assert await schema_of(by_script) == await schema_of(database_url)
        assert await commands.check(by_script) == []


async def test_the_sql_text_leads_back(database_url: str) -> None:
    await apply(database_url, commands.sql("head:base"))
    assert not any((await schema_of(database_url)).values())


def test_what_stands_outside_of_a_transaction_can_be_run_again() -> None:
    """A migration that fails there is half applied: it begins anew, and finds what it made."""
    for script in (commands.sql(), commands.sql("head:base")):
        first, *others = outside_of_transactions(script)
        assert first.startswith("SET lock_timeout")
        assert others
        for statement in others:
            assert re.match(r"(CREATE INDEX CONCURRENTLY IF NOT|DROP INDEX CONCURRENTLY IF) EXISTS ", statement)


async def test_an_index_that_was_left_invalid_is_made_anew(database_url: str) -> None:
    """As after a failure in the middle of 0014: one index is there and invalid, the other one is missing."""
    broken = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_tasks_id_owner_id'::regclass"
    before = await schema_of(database_url)
    back = "UPDATE alembic_version SET version_num = '0013'"
    await execute(database_url, broken, "DROP INDEX ix_tasks_id_owner_id_living", back)
    await commands.upgrade(database_url, "0014")
    await execute(database_url, f"UPDATE alembic_version SET version_num = '{head()}'")
    assert await schema_of(database_url) == before
    single = engine.single(parse(database_url))
    async with single.connect() as connection:
        assert await connection.scalar(text("SELECT bool_and(indisvalid) FROM pg_index"))
    await single.dispose()


async def test_the_migrations_end_where_the_models_are(databases: Databases, database_url: str) -> None:
    """All of the catalogue but functions and triggers, which no model declares: more than Alembic compares."""
    async with databases() as from_models:
        single = engine.single(parse(from_models))
        async with single.begin() as connection:
            await connection.execute(text("CREATE EXTENSION btree_gin"))
            await connection.run_sync(Base.metadata.create_all)
        await single.dispose()
        modelled, migrated = await schema_of(from_models), await schema_of(database_url)
    for kind in modelled.keys() - {"functions", "triggers"}:
        assert modelled[kind] == migrated[kind], kind


async def test_the_check_finds_nothing_where_nothing_differs(database_url: str) -> None:
    assert await commands.check(database_url) == []


DRIFT = {
    "ALTER TABLE tasks DROP COLUMN complete_at": "column tasks.complete_at is missing.",
    "ALTER TABLE tasks ADD COLUMN mood text": "column tasks.mood is there and should not be.",
    "ALTER TABLE tasks ALTER COLUMN start_at TYPE date": "tasks.start_at: type is DATE() and should be DateTime(",
    "ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL": "tasks.title: nullable is True and should be False.",
    "ALTER TABLE tasks ALTER COLUMN state SET DEFAULT 'CANCELLED'": "tasks.state: default is ",
    "ALTER TABLE users DROP CONSTRAINT ck_users_email_length": "constraint users.ck_users_email_length is missing.",
    "DROP INDEX ix_tasks_owner_id_id_living": "index tasks.ix_tasks_owner_id_id_living is missing.",
    "COMMENT ON COLUMN tasks.title IS 'other'": "tasks.title: comment is 'other' and should be 'One line",
    "COMMENT ON TABLE tasks IS 'other'": "table tasks has another comment.",
    "DROP TABLE requests": "table requests is missing.",
    "CREATE TABLE extra (id int)": "table extra is there and should not be.",
    "ALTER TABLE tasks DISABLE TRIGGER bump_version": "trigger tasks.bump_version is missing or disabled.",
    "ALTER TABLE audit_log DISABLE TRIGGER refuse_change": "trigger audit_log.refuse_change is missing or disabled.",
    "DROP TRIGGER note_deletion ON sessions": "trigger sessions.note_deletion is missing or disabled.",
    "DROP TRIGGER bump_version ON users": "trigger users.bump_version is missing or disabled.",
    "ALTER TABLE users DROP CONSTRAINT ck_users_scopes_of_services": "constraint users.ck_users_scopes_of_services is ",
    "DROP INDEX ix_tasks_owner_id_due_first_id_living": "index tasks.ix_tasks_owner_id_due_first_id_living is missing.",
    "DROP INDEX ix_tasks_owner_id_search_living": "index tasks.ix_tasks_owner_id_search_living is missing.",
    "ALTER TABLE tasks DROP CONSTRAINT fk_tasks_owner_id_parent_id": "fk tasks.fk_tasks_owner_id_parent_id is missing.",
    "ALTER TABLE tasks ALTER COLUMN tags TYPE varchar[]": "tasks.tags: type is ",
    "DROP TRIGGER bump_version ON projects": "trigger projects.bump_version is missing or disabled.",
    "DROP TRIGGER bump_version ON tags": "trigger tags.bump_version is missing or disabled.",
    "ALTER TABLE sessions ALTER COLUMN peer TYPE varchar(64)": "sessions.peer: type is VARCHAR(length=64) and should",
}


async def test_the_check_names_all_that_differs(database_url: str) -> None:
    await execute(database_url, *DRIFT)
    found = await commands.check(database_url)
    for change, sentence in DRIFT.items():
        assert any(told.startswith(sentence) for told in found), (change, found)


async def test_the_check_names_the_revision_where_that_differs(database_url: str) -> None:
    await execute(database_url, "DELETE FROM alembic_version")
    expected = f"The database is at revision base and should be at {head()}."
    assert await commands.check(database_url) == [expected]


async def execute(url: str, *statements: str) -> None:
    single = engine.single(parse(url))
    async with single.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await single.dispose()
